"""The studies of one result folder: every contrast that it measures, by base model and language.

The rows are the declared entries, in the recipe that was run. A folder that measures a contrast on a base model only in
rows of a sweep has those; a folder that measures it in several recipes is pooled with the corrected one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.evidence.contrasts.measured import EntryRow, MeasuredContrast, base_model_text
from harness.evidence.contrasts.published import PublishedContrast
from harness.evidence.contrasts.transfer import Difference
from harness.evidence.leaderboard import Leaderboard
from harness.results.folder import ResultFolder
from harness.results.record import PER_QUERY, RUN

ContrastName = tuple[str, str]  # the declared entry and its control
Cells = Mapping[tuple[str, str, str], str]  # (declared entry, language, sha256 of ranking or scores) → name of a record


@dataclass(frozen=True)
class ContrastRows:
    """One contrast in two rows of a folder, on one base model.

    `differences` has, by language and for the average, one difference per measure of the folder. `queries` are the
    digests of the evaluated queries, by language, where the records have them. `reason` says why the rows are not
    pooled, "" where they are.
    """

    contrast: ContrastName
    entry: EntryRow
    control: EntryRow
    base: str
    differences: Mapping[str, tuple[Difference, ...]]
    cells: Cells
    queries: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True)
class FolderContrasts:
    """What one folder measures; `published` are the contrasts of `rows`, as their sources claim them."""

    name: str
    suite: str
    primary: str
    measures: tuple[str, ...]
    rows: tuple[ContrastRows, ...]
    published: tuple[PublishedContrast, ...]


def folder_contrasts(name: str, board: Leaderboard, *, swept: bool) -> FolderContrasts:
    """Return the contrasts of a folder that is called `name`; of a sweep only where `swept`, and nothing else is there.

    The order is that of the published contrasts, then of the rows.
    """
    by_rows: dict[tuple[ContrastName, str, str], ContrastRows] = {}
    for measured in board.measured_contrasts:
        contrast = (measured.published.entry, measured.published.control)
        key = (contrast, measured.entry.name, measured.control.name)
        if key not in by_rows:  # several sources may claim one contrast
            by_rows[key] = _rows(contrast, measured, board.results)
    groups: dict[tuple[ContrastName, str], list[ContrastRows]] = {}
    for rows in by_rows.values():
        groups.setdefault((rows.contrast, rows.entry.model), []).append(rows)
    chosen = tuple(rows for group in groups.values() for rows in _chosen(group, swept=swept))
    names = {rows.contrast for rows in chosen}
    published = [measured.published for measured in board.measured_contrasts]
    claimed = {
        (each.paper, each.entry, each.control): each for each in published if (each.entry, each.control) in names
    }
    return FolderContrasts(name, board.suite, board.primary, board.measures, chosen, tuple(claimed.values()))


def _rows(contrast: ContrastName, measured: MeasuredContrast, results: ResultFolder) -> ContrastRows:
    entry, control = measured.entry, measured.control
    return ContrastRows(
        contrast=contrast,
        entry=entry,
        control=control,
        base=base_model_text(entry, results),
        differences=measured.differences,
        cells=dict(_cells(results, (entry, control))),
        queries={
            record.language: str(record.data_digests["queries"])
            for record in results.records
            if record.entry == entry.name and record.data_digests.get("queries")
        },
    )


def _cells(results: ResultFolder, rows: Iterable[EntryRow]) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Yield each cell of the rows by its ranking and by its scores.

    Not by its seed, which an untrained entry does not read, nor by the name of its row, which names a base model or a
    swept value in one folder and not in another.
    """
    for row in rows:
        for record in results.records:
            if record.entry == row.name:
                for sha256 in (record.files.get(RUN), record.files.get(PER_QUERY)):
                    if sha256:
                        yield (row.origin, record.language, sha256), record.name


def _chosen(group: Sequence[ContrastRows], *, swept: bool) -> list[ContrastRows]:
    """Return the rows of one contrast on one base model that are studies, with the reason of those not to pool."""
    declared = [rows for rows in group if not rows.entry.swept]
    if not declared:
        reason = f"one of {len(group)} rows of a sweep on one control" if len(group) > 1 else ""
        return [replace(rows, reason=reason) for rows in group] if swept else []
    recipes = [rows.entry.recipe for rows in declared]
    pooled = "corrected" if "corrected" in recipes else recipes[0]
    reason = f"another recipe of the same cells: '{pooled}' is pooled"
    return [replace(rows, reason="" if rows.entry.recipe == pooled else reason) for rows in declared]
