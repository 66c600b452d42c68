"""Uniformity, alignment and anisotropy before and after training, and how their change goes with the gain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.sections.geometry_correlation import (
    Correlation,
    change,
    correlations,
    entry_changes,
    findings,
    gain,
)
from harness.results.record import Record
from harness.stats.sphere import QUANTITIES

CSV = "geometry.csv"
COLUMNS = ("suite", "entry", "language", "seed", "quantity", "before", "after", "measure", "gain")


@dataclass(frozen=True)
class Change:
    """The mean over seeds after training, and its difference to the mean before."""

    after: float
    change: float


@dataclass(frozen=True)
class Table:
    """One quantity: the untuned base in every language, and the change in each trained entry."""

    quantity: str
    before: tuple[float | None, ...]  # one per language
    rows: tuple[tuple[str, tuple[Change | None, ...]], ...]


@dataclass(frozen=True)
class Geometry:
    """The content of the section; leaderboard.json has the same field names. `said` is the findings in sentences."""

    tables: tuple[Table, ...]
    correlations: tuple[Correlation, ...]
    said: tuple[str, ...]


def geometry_content(board: Leaderboard, entries: Sequence[str]) -> Geometry | None:
    """Return the content of the section, entries in the order of the page; None if no record has a geometry."""
    measured = [record for record in board.records if record.geometry]
    if not measured:
        return None
    changes = entry_changes(board, measured)
    by_language = correlations(board.languages, changes)
    tables = tuple(_table(quantity, board, measured, entries) for quantity in QUANTITIES)
    return Geometry(tables, tuple(by_language), tuple(findings(by_language[0], changes, board.primary)))


def csv(board: Leaderboard) -> str:
    """Return one row per record and quantity as CSV, unrounded, missing gains as empty fields."""
    return spreadsheet.to_csv(COLUMNS, _rows(board))


def _rows(board: Leaderboard) -> Iterator[list[object]]:
    for record in board.records:
        if not record.geometry:
            continue
        record_gain = gain(board, record)
        for quantity in QUANTITIES:
            values = [record.geometry[when][quantity] for when in ("before", "after")]
            cell = (board.suite, record.entry, record.language, record.seed)
            yield [*cell, quantity, *values, board.primary, "" if record_gain is None else record_gain]


def _table(quantity: str, board: Leaderboard, records: Sequence[Record], entries: Sequence[str]) -> Table:
    before: list[float | None] = []
    for language in board.languages:
        values = [record.geometry["before"][quantity] for record in records if record.language == language]
        before.append(values[0] if values else None)
    trained = {record.entry for record in records if record.trained}
    by_pair = board.records_by_pair
    rows = [
        (entry, tuple(_mean_change(quantity, by_pair.get((entry, language), ())) for language in board.languages))
        for entry in entries
        if entry in trained
    ]
    return Table(quantity, tuple(before), tuple(rows))


def _mean_change(quantity: str, records: Iterable[Record]) -> Change | None:
    measured = [record for record in records if record.geometry]
    if not measured:
        return None
    after = sum(record.geometry["after"][quantity] for record in measured) / len(measured)
    return Change(after, sum(change(record, quantity) for record in measured) / len(measured))
