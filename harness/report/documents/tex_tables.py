"""The tables of leaderboard.tex: scores of the primary measure, and the average's differences to the baseline.

A table is as wide as the text of a one-column article at most: it has as many columns as the longest name leaves room
for, and the others follow in a table of their own, as do the rows after the first ROWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from harness.evidence.leaderboard import Leaderboard
from harness.report.documents.tex import shortened, slug
from harness.report.numbers import hundred
from harness.report.sections import evidence_section
from harness.report.table_view import Box, Row, Score, Table
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import is_shown

ROWS = 40
_SMALL = 24  # characters of a name, above which the type is smaller
_TEXT, _LETTER, _BETWEEN = 345, 4.0, 12  # points: the text of an article, a letter, and what is between two columns

_T = TypeVar("_T")


@dataclass(frozen=True)
class Cell:
    """A score with half the width of its interval, None without one; how it stands to the baseline and in its column.

    `fewer`: a seed of it failed, so that it has fewer than the others.
    """

    mean: float
    half: float | None
    against: Literal["better", "worse", ""]
    place: Literal["best", "tied", ""]
    fewer: bool


@dataclass(frozen=True)
class Line:
    """One entry: a cell a column, None where nothing was measured; `failed` where all of its cells did."""

    entry: str
    cells: tuple[Cell | None, ...]
    failed: bool


@dataclass(frozen=True)
class Block:
    """A table of scores."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Differences:
    """A table of differences to the baseline in one language, or on the average; `more`: not the first of them."""

    language: str
    lines: tuple[evidence_section.Line, ...]
    more: bool


@dataclass(frozen=True)
class Tables:
    """What the file shows. `size` is the command of its type; `fewer`: some cell has fewer seeds, for one failed."""

    label: str
    size: str
    fewer: bool
    scores: tuple[Block, ...]
    differences: tuple[Differences, ...]


def of_board(board: Leaderboard, table: Table) -> Tables:
    """Return the tables; `table` is that of the primary measure."""
    longest = max((len(shortened(row.entry)) for row in table.rows), default=0)
    columns = board.languages if len(board.languages) == 1 else (*board.languages, AVERAGE)
    room = _room(table, longest, columns)
    scores = tuple(_block(board, own, rows) for rows in _parts(table.rows, ROWS) for own in _parts(columns, room))
    size = "footnotesize" if longest <= _SMALL else "scriptsize"
    fewer = any(box.score and box.failed for row in table.rows for box in row.boxes)
    label = f"{slug(board.suite)}-{slug(board.primary)}"
    return Tables(label, size, fewer, scores, tuple(_differences(board, [row.entry for row in table.rows])))


def _room(table: Table, longest: int, columns: Sequence[str]) -> int:
    """Return how many columns fit beside names of up to `longest` characters."""
    found = [box.score for row in table.rows for box in row.boxes if box.score]
    scores = [f"{hundred(one.mean)}±{hundred(half)}" for one in found if (half := _half(one)) is not None]
    widest = max(map(len, [*scores, *map(shortened, columns)]))
    return max(1, int((_TEXT - _LETTER * longest - _BETWEEN) // (_LETTER * widest + _BETWEEN)))


def _differences(board: Leaderboard, entries: Sequence[str]) -> Iterator[Differences]:
    """Yield the tables of the average, or of each language where no entry has one."""
    found = evidence_section.of_board(board, entries)
    for table in [one for one in found if one.language == AVERAGE] or found:
        compared = [line for line in table.lines if line.delta is not None]
        for i, lines in enumerate(_parts(compared, ROWS)):
            yield Differences(table.language, tuple(lines), i > 0)


def _block(board: Leaderboard, columns: Sequence[str], rows: Sequence[Row]) -> Block:
    by_column = [_cells(board, column) for column in columns]
    lines = []
    for row in rows:
        boxes = [_box(board, row, column) for column in columns]
        cells = tuple(_cell(box, found.get(row.entry)) for box, found in zip(boxes, by_column, strict=True))
        lines.append(Line(row.entry, cells, bool(row.reasons)))
    return Block(tuple(columns), tuple(lines))


def _cells(board: Leaderboard, column: str) -> dict[str, tuple[EntryStatistics, bool]]:
    """Return the evidence of a column by entry, and whether it has the highest mean."""
    found = [one for one in board.evidence if one.language == column]
    highest = max((float(one.mean[0]) for one in found), default=0.0)
    return {one.entry: (one, float(one.mean[0]) == highest) for one in found}


def _box(board: Leaderboard, row: Row, column: str) -> Box:
    return Box(row.average, ()) if column == AVERAGE else row.boxes[board.languages.index(column)]


def _cell(box: Box, found: tuple[EntryStatistics, bool] | None) -> Cell | None:
    if box.score is None or found is None:
        return None
    own, highest = found
    shown = is_shown(own.p_adjusted[0])  # not so for NaN
    return Cell(
        mean=box.score.mean,
        half=_half(box.score),
        against="" if not shown else "better" if own.delta[0] > 0 else "worse",
        place="best" if highest else "tied" if own.group[0] == 1 else "",
        fewer=bool(box.failed),
    )


def _half(score: Score) -> float | None:
    return None if score.low is None or score.high is None else (score.high - score.low) / 2


def _parts(items: Sequence[_T], most: int) -> list[Sequence[_T]]:
    return [items[i : i + most] for i in range(0, len(items), most)]
