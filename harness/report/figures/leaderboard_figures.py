"""All figures of a leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.cost_figure import COST
from harness.report.figures.figure import Figure
from harness.report.figures.forest_figure import FOREST
from harness.report.figures.geometry_figure import GEOMETRY
from harness.report.figures.learning_figure import learning_figure
from harness.report.figures.ranks_figure import RANKS
from harness.report.figures.seeds_figure import SEEDS
from harness.report.figures.view import State, View
from harness.report.table_view import Table

SWITCHED = (FOREST, SEEDS, RANKS, COST, GEOMETRY)


def first_view(data: Mapping[str, Any]) -> View:
    """Return the view of the page as it opens, of the data of its script."""
    return View(data, State(measure=data["measures"][0], baseline=data["baseline"]))


def leaderboard_figures(board: Leaderboard, tables: Sequence[Table], data: Mapping[str, Any]) -> list[Figure]:
    """Return the figures in the order of the page, without those that have nothing to show.

    `data` is that of the page's script (harness.report.script_data).
    """
    view = first_view(data)
    figures = [figure.of(view) for figure in SWITCHED if figure.applies(view)]
    learning = learning_figure(board, tables[0].rows, view)
    return sorted([*figures, *([learning] if learning else [])], key=lambda figure: figure.id == "geometry")
