"""The leaderboard of the primary measure as a table in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import one_line
from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import hundred, signed
from harness.report.table_view import Box, Row, Score, absent, tables

if TYPE_CHECKING:
    from rich.table import Table


def terminal_table(board: Leaderboard) -> Table:
    """Return entries by languages, scores × 100 with half the width of the 95 % interval, best average first.

    The difference is to the baseline.

    Failed cells and cells without a record are named below, with their reasons.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = tables(board)[0].rows
    table = Table(
        title=Text(f"{board.suite}: {board.primary} × 100"),
        caption=Text(_below(board, rows)),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),  # narrow: 14 entries in three languages fit 80 columns
    )
    table.add_column("entry", overflow="fold")
    for name in (*board.languages, "average", f"Δ {board.baseline}"):
        table.add_column(Text(name), justify="right", no_wrap=True)
    for row in rows:
        cells = [_box(cell) for cell in row.boxes]
        table.add_row(*map(Text, (row.entry, *cells, _score(row.average), _delta(row.average))))
    return table


def _box(cell: Box) -> str:
    if cell.score:
        return _score(cell.score) + ("!" if cell.failed else "")
    return "failed" if cell.failed else "-"


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


def _below(board: Leaderboard, rows: Sequence[Row]) -> str:
    lines = ["", "± half the 95 % interval over queries and seeds (of one seed: over queries)"]
    lines.append(f"Δ {board.baseline}: of the average, paired")
    if any(cell.score and cell.failed for row in rows for cell in row.boxes):
        lines.append("! fewer seeds: one or more failed")
    lines += [f"failed: {r.entry}/{r.language}/{r.seed}: {one_line(r.reason)}" for r in board.failures]
    missing = absent(board)
    return "\n".join([*lines, *([f"not measured: {', '.join(missing)}"] if missing else [])])
