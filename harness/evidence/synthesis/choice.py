"""What `harness synthesize` pools: which contrasts of which folders in which measure; a wrong request is one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import RequestError, unknown
from harness.evidence.leaderboard import leaderboard_of
from harness.evidence.synthesis.pooling import By, ContrastSynthesis, synthesis_of
from harness.evidence.synthesis.shared_cells import check_nothing_shared
from harness.evidence.synthesis.studies import ContrastName, FolderContrasts, folder_contrasts
from harness.results.folder import read_result_folder


def read_folders(paths: Sequence[Path]) -> list[FolderContrasts]:
    """Return the contrasts of result folders, those of sweeps where a folder has nothing else.

    Raises what reading raises, and RequestError for a folder that is named twice or measures no contrast.
    """
    seen: dict[Path, Path] = {}
    for path in paths:
        if (first := seen.setdefault(path.resolve(), path)) is not path:
            raise RequestError(f"{first} and {path} are one folder; name it once")
    folders = []
    for path in paths:
        results = read_result_folder(path)
        results.check_unchanged()
        folder = folder_contrasts(str(path), leaderboard_of(results), swept=True)
        if not folder.rows:
            raise RequestError(
                f"{path} measures no published contrast: no entry together with its control; leave it out"
            )
        folders.append(folder)
    return folders


def synthesize(
    folders: Sequence[FolderContrasts], contrast: str | None = None, measure: str | None = None, by: By = "language"
) -> list[ContrastSynthesis]:
    """Return one synthesis per contrast, in the order in which folders measure them; of one where it is named.

    Raises RequestError for a contrast or measure that is not there, for folders of different primary measures unless
    one is named, and for folders that share cells.
    """
    chosen = contrasts_of(folders)
    if contrast is not None:
        names = {"/".join(pair): pair for pair in chosen}
        if contrast not in names:
            raise unknown("contrast", contrast, names, ", ".join(folder.name for folder in folders))
        chosen = [names[contrast]]
    common = _measure(folders, measure)
    check_nothing_shared([_only(folder, chosen) for folder in folders])
    return [synthesis_of(name, folders, common, by) for name in chosen]


def overview(folders: Sequence[FolderContrasts]) -> Iterator[ContrastSynthesis]:
    """Yield every contrast that has at least two studies, over the folders of each primary measure."""
    for measure in dict.fromkeys(folder.primary for folder in folders):
        of_measure = [folder for folder in folders if folder.primary == measure]
        for contrast in contrasts_of(of_measure):
            measuring = [folder for folder in of_measure if any(rows.contrast == contrast for rows in folder.rows)]
            synthesis = synthesis_of(contrast, measuring, measure)
            if len(synthesis.pooled.studies) > 1:
                yield synthesis


def contrasts_of(folders: Sequence[FolderContrasts]) -> list[ContrastName]:
    """Return the contrasts that folders measure, each once, in their order."""
    return list(dict.fromkeys(rows.contrast for folder in folders for rows in folder.rows))


def _only(folder: FolderContrasts, contrasts: Sequence[ContrastName]) -> FolderContrasts:
    return replace(folder, rows=tuple(rows for rows in folder.rows if rows.contrast in contrasts))


def _measure(folders: Sequence[FolderContrasts], measure: str | None) -> str:
    """Return the measure to pool: the one that is named, or the folders' common primary one."""
    if measure is not None:
        for folder in folders:
            if measure not in folder.measures:
                raise unknown("measure", measure, folder.measures, folder.name)
        return measure
    first = folders[0]
    for folder in folders:
        if folder.primary != first.primary:
            common = [name for name in first.measures if all(name in other.measures for other in folders)]
            remedy = f"name one with --measure: {', '.join(common)}" if common else "they have no common measure"
            differing = f"{first.name} has {first.primary}, {folder.name} {folder.primary}"
            raise RequestError(f"folders of different measures: {differing}; {remedy}")
    return first.primary
