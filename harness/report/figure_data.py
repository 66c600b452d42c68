"""The numbers that the page's script draws figures of, besides those of the tables.

    seeds      [measure][entry][language]: the score of each seed, lowest seed first; null with fewer than two
    geometry   [entry][language], the average last: uniformity, alignment, whether it is trained; null where unknown
    seconds    of each entry: the mean time of its computed cells; null where unknown

Scores and vectors are rounded: they are positions in a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.cost_figure import seconds_by_entry
from harness.report.figures.geometry_figure import geometry_point

_DIGITS = 5


def figure_data(board: Leaderboard, entries: Sequence[str]) -> dict[str, Any]:
    """Return `seeds` and `geometry` for the entries of the page in their order."""
    return {
        "seeds": [
            [[_seed_scores(board, entry, language, i) for language in board.languages] for entry in entries]
            for i in range(len(board.measures))
        ],
        "geometry": [_geometry(board, entry) for entry in entries],
    }


def entry_seconds(board: Leaderboard) -> dict[str, float]:
    """Return the mean seconds of the computed cells of each entry that has some."""
    return {entry: round(seconds, _DIGITS) for entry, seconds in seconds_by_entry(board).items()}


def _seed_scores(board: Leaderboard, entry: str, language: str, measure: int) -> list[float] | None:
    scored = board.scored.get((entry, language))
    if scored is None or len(scored.by_seed) < 2:
        return None
    return [round(float(means[measure]), _DIGITS) for _, means in sorted(scored.means.items())]


def _geometry(board: Leaderboard, entry: str) -> list[list[Any] | None] | None:
    """Return the geometry of an entry in each language and on average, None where it has none at all."""
    points = [geometry_point(board, entry, each) for each in (*([name] for name in board.languages), board.languages)]
    if not any(points):
        return None
    return [
        [round(point.uniformity, _DIGITS), round(point.alignment, _DIGITS), point.trained] if point else None
        for point in points
    ]
