"""Folders that share cells: the same training or ranking counted twice is no second study.

Two folders share a cell of a contrast where one of its two entries has, in one language, the same ranking or the same
scores of every query, byte for byte. The same cell computed on another kind of processor may differ in the last bits of
both; that is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.errors import RequestError
from harness.evidence.synthesis.studies import ContrastName, FolderContrasts


@dataclass(frozen=True)
class SharedCell:
    """A cell that two folders have, by its name in each."""

    contrast: ContrastName
    first: str
    second: str
    cell: str
    other_cell: str


def check_nothing_shared(folders: Sequence[FolderContrasts]) -> None:
    """Raise RequestError where two of the folders share a cell of a contrast."""
    shared = next(shared_cells(folders), None)
    if shared is None:
        return
    other = "" if shared.other_cell == shared.cell else f" ({shared.other_cell} in the second)"
    raise RequestError(
        f"{shared.first} and {shared.second} share cells, such as {shared.cell}{other} of "
        f"{'/'.join(shared.contrast)}: pooled, they would count twice; leave one folder out, or name another --contrast"
    )


def without_shared(folders: Iterable[FolderContrasts]) -> tuple[FolderContrasts, ...]:
    """Return the folders, where the rows of a contrast whose cells an earlier folder pools are not pooled."""
    marked: list[FolderContrasts] = []
    pooled: list[FolderContrasts] = []  # the same folders without those rows
    for folder in folders:
        reasons: dict[ContrastName, str] = {}
        for shared in _shared_with(folder, pooled):
            reasons.setdefault(shared.contrast, f"shares cells with {shared.first}")
        rows = tuple(replace(rows, reason=reasons.get(rows.contrast, rows.reason)) for rows in folder.rows)
        marked.append(replace(folder, rows=rows))
        pooled.append(replace(folder, rows=tuple(rows for rows in folder.rows if rows.contrast not in reasons)))
    return tuple(marked)


def shared_cells(folders: Sequence[FolderContrasts]) -> Iterator[SharedCell]:
    """Yield one cell of each contrast that two folders share, in the order of the folders."""
    for i, folder in enumerate(folders):
        yield from _shared_with(folder, folders[:i])


def _shared_with(folder: FolderContrasts, earlier: Sequence[FolderContrasts]) -> Iterator[SharedCell]:
    for other in earlier:
        for contrast in dict.fromkeys(rows.contrast for rows in folder.rows):
            cells, known = _cells(folder, contrast), _cells(other, contrast)
            for key, name in known.items():
                if key in cells:
                    yield SharedCell(contrast, other.name, folder.name, name, cells[key])
                    break


def _cells(folder: FolderContrasts, contrast: ContrastName) -> dict[tuple[str, str, str], str]:
    """Return the cells of a contrast, of rows that are not pooled too."""
    return {key: name for rows in folder.rows if rows.contrast == contrast for key, name in rows.cells.items()}
