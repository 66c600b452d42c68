"""Sweeps: the primary measure over each setting that has several values, on the page and in sweeps.csv.

The numbers are those of the leaderboard's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.sections.sweep_curves import Curve, curves_without_figures
from harness.report.sections.sweep_figure import sweep_figure
from harness.report.table_view import Row

CSV = "sweeps.csv"
COLUMNS = ("origin", "setting", "value", "others")  # before those of leaderboard.csv


def sweep_curves(board: Leaderboard, rows: Sequence[Row]) -> list[Curve]:
    """Return the curves of a leaderboard with their figures; `rows` are those of the primary measure."""
    curves = curves_without_figures(board, rows)
    return [replace(curve, figure=sweep_figure(curve, number)) for number, curve in enumerate(curves, start=1)]


def csv(board: Leaderboard, curves: Iterable[Curve]) -> str:
    """Return every measure of every swept entry as CSV, numbers unrounded, one row per swept setting of the entry."""
    import pandas

    tables = []
    for curve in curves:
        for line in curve.lines:
            for point in line.points:
                entry_rows = board.rows["entry"] == point.row.entry
                table = board.rows[entry_rows].drop(columns=["p_adjusted", "verdict"])
                for position, value in enumerate((curve.origin, curve.target, point.text, line.others)):
                    table.insert(position, COLUMNS[position], value)
                tables.append(table)
    return str(pandas.concat(tables).map(spreadsheet.escape_formula).to_csv(index=False, lineterminator="\n"))
