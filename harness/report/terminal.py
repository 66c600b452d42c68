"""The leaderboard as a table in the terminal, on the primary measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import one_line
from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import hundred, signed
from harness.report.table_view import Box, Row, Score, tables

if TYPE_CHECKING:
    from rich.table import Table


def terminal_table(board: Leaderboard) -> Table:
    """Return one row per entry, best average first: scores × 100 with half the width of their 95 % interval.

    The last column is the average's difference to the baseline. The caption names failed cells with their reasons, and
    cells without a record.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    rows = tables(board)[0].rows
    table = Table(
        title=Text(f"{board.suite}: {board.primary} × 100"),
        caption=Text(_caption(board, rows)),
        caption_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),  # narrow: 14 entries in three languages fit 80 columns
    )
    table.add_column("entry", overflow="fold")
    for name in (*board.languages, "average", f"Δ {board.baseline_name}"):
        table.add_column(Text(name), justify="right", no_wrap=True)
    for row in rows:
        scores = [_box(box) for box in row.boxes]
        table.add_row(*map(Text, (row.entry, *scores, _score(row.average), _delta(row.average))))
    return table


def _box(box: Box) -> str:
    if box.score:
        return _score(box.score) + ("!" if box.failed else "")
    return "failed" if box.failed else "-"


def _score(score: Score | None) -> str:
    if score is None or score.low is None or score.high is None:
        return hundred(score.mean) if score else "-"
    return f"{hundred(score.mean)}±{hundred((score.high - score.low) / 2)}"


def _delta(score: Score | None) -> str:
    if score is None or score.delta is None:
        return ""
    if score.delta_low is None or score.delta_high is None:
        return signed(score.delta)
    return f"{signed(score.delta)}±{hundred((score.delta_high - score.delta_low) / 2)}"


def _caption(board: Leaderboard, rows: Sequence[Row]) -> str:
    lines = ["", "± half the 95 % interval over queries and seeds (of one seed: over queries)"]
    lines.append(f"Δ {board.baseline_name}: of the average, paired")
    if any(box.score and box.failed for row in rows for box in row.boxes):
        lines.append("! fewer seeds: one or more failed")
    lines += [f"failed: {cell.entry}/{cell.language}/{cell.seed}: {one_line(cell.reason)}" for cell in board.failures]
    missing = board.results.absent
    return "\n".join([*lines, *([f"not measured: {', '.join(missing)}"] if missing else [])])
