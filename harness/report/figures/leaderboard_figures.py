"""All figures of a leaderboard."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.cost_figure import cost_figure
from harness.report.figures.figure import Figure
from harness.report.figures.forest_figure import forest_figure
from harness.report.figures.geometry_figure import geometry_figure
from harness.report.figures.learning_figure import learning_figure
from harness.report.figures.ranks_figure import ranks_figure
from harness.report.figures.seeds_figure import seeds_figure
from harness.report.table_view import Table

FIGURES = (forest_figure, seeds_figure, ranks_figure, cost_figure, learning_figure, geometry_figure)


def leaderboard_figures(board: Leaderboard, tables: Sequence[Table]) -> list[Figure]:
    """Return the figures of the primary measure in the order of the page, without those that have nothing to show."""
    figures = (draw(board, tables[0].rows) for draw in FIGURES)
    return [figure for figure in figures if figure]
