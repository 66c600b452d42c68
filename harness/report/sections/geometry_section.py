"""Uniformity, alignment and anisotropy on the page and in geometry.csv, and how their change goes with the gain.

The gain of a cell is its primary measure less that of the untuned base in its language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.results.record import Record
from harness.stats.agreement import spearman
from harness.stats.entry_scores import BASE
from harness.stats.sphere import QUANTITIES

CSV = "geometry.csv"
COLUMNS = ("suite", "entry", "language", "seed", "quantity", "before", "after", "measure", "gain")


@dataclass(frozen=True)
class Change:
    """After training, as the mean over seeds, and the difference to before."""

    after: float
    change: float


@dataclass(frozen=True)
class Table:
    """One quantity: the untuned base in every language, and what each trained entry made of it."""

    quantity: str
    before: tuple[float | None, ...]  # one a language
    rows: tuple[tuple[str, tuple[Change | None, ...]], ...]


@dataclass(frozen=True)
class Correlation:
    """Spearman's ρ of the change in each quantity with the gain, over `cells` of one language or of all."""

    language: str  # empty: of all
    cells: int
    rho: tuple[float | None, ...]  # one a quantity


@dataclass(frozen=True)
class Geometry:
    """What the section shows; `said` is in words."""

    tables: tuple[Table, ...]
    correlations: tuple[Correlation, ...]
    said: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    language: str
    change: dict[str, float]
    gain: float


def of_board(board: Leaderboard, order: Sequence[str]) -> Geometry | None:
    """Return the section, entries in the page's order; None where no record has measured any."""
    measured = [record for record in board.records if record.geometry]
    if not measured:
        return None
    cells = _cells(board, measured)
    correlations = [_correlation("", cells)]
    if len(board.languages) > 1:
        correlations += [_correlation(one, [c for c in cells if c.language == one]) for one in board.languages]
    tables = tuple(_table(quantity, board, measured, order) for quantity in QUANTITIES)
    return Geometry(tables, tuple(correlations), tuple(_said(correlations[0], cells, board.primary)))


def gain(board: Leaderboard, record: Record) -> float | None:
    """Return the primary measure of a trained record less the base's, None where the run has no base."""
    base = board.of.get((BASE, record.language))
    if not (record.trained and base):
        return None
    return record.measures[board.primary] - base[0].measures[board.primary]


def csv(board: Leaderboard) -> str:
    """Return a row for each record and quantity, unrounded, an empty field where there is none."""
    return spreadsheet.written(COLUMNS, _lines(board))


def _lines(board: Leaderboard) -> Iterator[list[object]]:
    for record in board.records:
        if not record.geometry:
            continue
        own = gain(board, record)
        for quantity in QUANTITIES:
            values = [record.geometry[when][quantity] for when in ("before", "after")]
            cell = (board.suite, record.entry, record.language, record.seed)
            yield [*cell, quantity, *values, board.primary, "" if own is None else own]


def _cells(board: Leaderboard, records: Iterable[Record]) -> list[_Cell]:
    found = []
    for record in records:
        own = gain(board, record)
        if own is not None:
            found.append(_Cell(record.language, {name: _change(record, name) for name in QUANTITIES}, own))
    return found


def _change(record: Record, quantity: str) -> float:
    return record.geometry["after"][quantity] - record.geometry["before"][quantity]


def _correlation(language: str, cells: Sequence[_Cell]) -> Correlation:
    gains = [cell.gain for cell in cells]
    rho = tuple(spearman([cell.change[quantity] for cell in cells], gains) for quantity in QUANTITIES)
    return Correlation(language, len(cells), rho)


def _table(quantity: str, board: Leaderboard, records: Sequence[Record], order: Sequence[str]) -> Table:
    before: list[float | None] = []
    for language in board.languages:
        here = [record.geometry["before"][quantity] for record in records if record.language == language]
        before.append(here[0] if here else None)
    trained = {record.entry for record in records if record.trained}
    rows = [
        (entry, tuple(_mean(quantity, board.of.get((entry, language), ())) for language in board.languages))
        for entry in order
        if entry in trained
    ]
    return Table(quantity, tuple(before), tuple(rows))


def _mean(quantity: str, records: Iterable[Record]) -> Change | None:
    own = [record for record in records if record.geometry]
    if not own:
        return None
    after = sum(record.geometry["after"][quantity] for record in own) / len(own)
    return Change(after, sum(_change(record, quantity) for record in own) / len(own))


def _said(whole: Correlation, cells: Sequence[_Cell], measure: str) -> list[str]:
    """Return which way it went, beside what the papers say."""
    rho = dict(zip(QUANTITIES, whole.rho, strict=True))
    paper = "arXiv 2308.03103 found that uniformity, not alignment, went with retrieval quality"
    uniform, aligned = rho["uniformity"], rho["alignment"]
    if uniform is None or aligned is None:
        first = f"Over {whole.cells} trained cells beside a base, these correlations are not defined; {paper}."
    else:
        stronger = "uniformity" if abs(uniform) > abs(aligned) else "alignment"
        first = (
            f"Over {whole.cells} trained cells, ρ with the gain in {measure} is {uniform:z.2f} for uniformity and "
            f"{aligned:z.2f} for alignment (below 0: larger gains where it fell), stronger for {stronger}; {paper}."
        )
    fell = sum(cell.change["anisotropy"] < 0 for cell in cells)
    second = f"Anisotropy fell in {fell} of these cells; arXiv 2408.11868 leaves open whether it does."
    return [first, second] if cells else [first]
