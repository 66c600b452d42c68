"""The pictures of the leaderboard: inline SVG, each with its finding in words; none where there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import (
    cost_figure,
    forest_figure,
    geometry_figure,
    learning_figure,
    ranks_figure,
    seeds_figure,
)
from harness.report.figures.svg import Figure
from harness.report.table_view import Table

__all__ = ["Figure", "of_board"]

_DRAWN = (forest_figure, seeds_figure, ranks_figure, cost_figure, learning_figure, geometry_figure)


def of_board(board: Leaderboard, tables: Sequence[Table]) -> list[Figure]:
    """Return the pictures of the primary measure, the differences to the baseline first."""
    found = (picture.of_board(board, tables[0].rows) for picture in _DRAWN)
    return [one for one in found if one]
