"""The tables of leaderboard.tex: scores of the primary measure, and differences of the average to the baseline.

A table fits the text width of a one-column article, and across both columns of one in two: as many columns as the
longest entry name leaves room for. Further columns, and rows after the first ROWS, form tables of their own. The table
for one of two columns is that of harness.report.documents.tex_compact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from harness.evidence.leaderboard import Leaderboard
from harness.report.documents.tex import shortened, slug
from harness.report.numbers import hundred
from harness.report.sections import evidence_section
from harness.report.table_view import Box, Row, Standing, Table
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import direction

ROWS = 40
_SMALL = 24  # characters of a name above which the font is smaller
_TEXT, _LETTER, _BETWEEN = 345, 4.0, 12  # points: text width of an article, a letter, the space between two columns

_T = TypeVar("_T")


@dataclass(frozen=True)
class ScoreCell:
    """A score with half the width of its interval, None without an interval.

    `against` is the shown difference to the baseline, `place` the standing in the column. `fewer` marks a score of
    fewer seeds than others, as a seed failed, `one_seed` one of a trained entry, of which nothing is shown.
    """

    mean: float
    half: float | None
    against: Literal["better", "worse", ""]
    place: Standing
    one_seed: bool
    fewer: bool


@dataclass(frozen=True)
class ScoreLine:
    """One entry: one cell per column, None where nothing was measured; `failed` where all its cells failed."""

    entry: str
    cells: tuple[ScoreCell | None, ...]
    failed: bool


@dataclass(frozen=True)
class ScoreTable:
    """A table of scores."""

    columns: tuple[str, ...]
    lines: tuple[ScoreLine, ...]


@dataclass(frozen=True)
class DifferenceTable:
    """A table of differences to the baseline, in one language or on average; `more` marks a continued table."""

    language: str
    lines: tuple[evidence_section.Line, ...]
    more: bool


@dataclass(frozen=True)
class LatexTables:
    """The contents of the file; `size` is the command of its font.

    `fewer` and `one_seed`: whether any cell is so marked.
    """

    label: str
    size: str
    fewer: bool
    one_seed: bool
    scores: tuple[ScoreTable, ...]
    differences: tuple[DifferenceTable, ...]


def latex_tables(board: Leaderboard, table: Table) -> LatexTables:
    """Return the tables; `table` is that of the primary measure."""
    longest = max((len(shortened(row.name)) for row in table.rows), default=0)
    columns = tuple(dict.fromkeys((*board.languages, board.overall)))
    width = _column_count(table, longest, columns)
    scores = [
        _score_table(board, column_chunk, row_chunk)
        for row_chunk in chunks(table.rows, ROWS)
        for column_chunk in chunks(columns, width)
    ]
    return LatexTables(
        label=f"{slug(board.suite)}-{slug(board.primary)}",
        size="footnotesize" if longest <= _SMALL else "scriptsize",
        fewer=any(box.score and box.failed for row in table.rows for box in row.boxes),
        one_seed=any(evidence.one_seed for evidence in board.evidence),
        scores=tuple(scores),
        differences=tuple(_difference_tables(board, [row.entry for row in table.rows])),
    )


def _column_count(table: Table, longest: int, columns: Sequence[str]) -> int:
    """Return how many columns fit beside names of up to `longest` characters."""
    scores = [box.score for row in table.rows for box in row.boxes if box.score]
    texts = [
        f"{hundred(score.mean)}±{hundred(width)}"
        for score in scores
        if (width := half(score.low, score.high)) is not None
    ]
    widest = max(map(len, [*texts, *map(shortened, columns)]))
    return max(1, int((_TEXT - _LETTER * longest - _BETWEEN) // (_LETTER * widest + _BETWEEN)))


def _difference_tables(board: Leaderboard, entries: Sequence[str]) -> Iterator[DifferenceTable]:
    """Yield the tables of the average, or of each language where no entry has an average."""
    tables = evidence_section.evidence_tables(board, entries)
    for table in [table for table in tables if table.language == board.overall] or tables:
        compared = [line for line in table.lines if line.delta is not None]
        for i, lines in enumerate(chunks(compared, ROWS)):
            yield DifferenceTable(table.language, tuple(lines), more=i > 0)


def _score_table(board: Leaderboard, columns: Sequence[str], rows: Sequence[Row]) -> ScoreTable:
    evidence_by_column = [column_evidence(board, column) for column in columns]
    lines = []
    for row in rows:
        cells = [
            score_cell(_box(board, row, column), evidence.get(row.entry))
            for column, evidence in zip(columns, evidence_by_column, strict=True)
        ]
        lines.append(ScoreLine(row.name, tuple(cells), failed=bool(row.reasons)))
    return ScoreTable(tuple(columns), tuple(lines))


def column_evidence(board: Leaderboard, column: str) -> dict[str, EntryStatistics]:
    """Return entry → its evidence in a column."""
    return {evidence.entry: evidence for evidence in board.evidence if evidence.language == column}


def _box(board: Leaderboard, row: Row, column: str) -> Box:
    return row.boxes[board.languages.index(column)] if column in board.languages else Box(row.average, ())


def score_cell(box: Box, evidence: EntryStatistics | None) -> ScoreCell | None:
    """Return a score with its marks; None where nothing was measured."""
    if box.score is None or evidence is None:
        return None
    return ScoreCell(
        mean=box.score.mean,
        half=half(box.score.low, box.score.high),
        against=direction(evidence.p_adjusted[0], evidence.delta[0]),
        place=box.score.standing,
        one_seed=evidence.one_seed,
        fewer=bool(box.failed),
    )


def half(low: float | None, high: float | None) -> float | None:
    """Return half the width of an interval, None without one."""
    return None if low is None or high is None else (high - low) / 2


def chunks(items: Sequence[_T], size: int) -> list[Sequence[_T]]:
    """Return items in lists of at most `size`."""
    return [items[i : i + size] for i in range(0, len(items), size)]
