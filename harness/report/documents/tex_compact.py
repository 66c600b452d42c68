"""The table of leaderboard.tex that fits one of two columns: averages, differences to the baseline, and letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.report.documents.tex_tables import ROWS, ScoreCell, chunks, column_evidence, half, score_cell
from harness.report.table_view import Box, Row, Table

LONGEST = 20  # characters of an entry's name beside the three other columns


@dataclass(frozen=True)
class CompactLine:
    """One entry; `cell` and `delta` are None where nothing was measured, or has no difference.

    `half` is half the width of the difference's interval.
    """

    entry: str
    cell: ScoreCell | None
    delta: float | None
    half: float | None
    letters: str
    failed: bool


@dataclass(frozen=True)
class CompactTable:
    """At most ROWS lines; `more` marks a continued table."""

    lines: tuple[CompactLine, ...]
    more: bool


def compact_tables(board: Leaderboard, table: Table) -> Iterator[CompactTable]:
    """Yield the tables of the average, or of the only language; `table` is that of the primary measure."""
    evidence = column_evidence(board, board.overall)
    alone = board.overall in board.languages

    def line(row: Row) -> CompactLine:
        score = row.average
        failed = row.boxes[0].failed if alone else ()
        return CompactLine(
            entry=row.name,
            cell=score_cell(Box(score, failed), evidence.get(row.entry)),
            delta=score.delta if score else None,
            half=half(score.delta_low, score.delta_high) if score else None,
            letters=evidence[row.entry].letters[0] if row.entry in evidence else "",
            failed=bool(row.reasons),
        )

    for i, rows in enumerate(chunks(table.rows, ROWS)):
        yield CompactTable(tuple(map(line, rows)), more=i > 0)
