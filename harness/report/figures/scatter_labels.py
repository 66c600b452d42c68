"""Names beside the points of a scatter plot, with a leader line where there is no room next to a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.report.figures.label_placement import Placement, Size, line_boxes, place_labels
from harness.report.figures.labels import text_width
from harness.report.figures.palette import SMALL, SOFT

LABEL_HEIGHT = 12.5
Position = tuple[float, float]


def draw_labels(
    axes: Any, names: Sequence[str], points: Sequence[Position], frame: Size, line: Sequence[Position] = ()
) -> None:
    """Write each name beside its point inside a frame from the lower left corner of the axes, clear of a line.

    Points and line are in the units of the data. A name without room is left out.
    """
    axes.autoscale_view()  # fixes the positions of the points
    positions = _positions(axes, points)
    sizes = [(text_width(name, SMALL) + 2, LABEL_HEIGHT) for name in names]
    placements = place_labels(positions, sizes, frame, line_boxes(_positions(axes, line)))
    for name, position, placement in zip(names, positions, placements, strict=True):
        if placement is not None:
            _draw_label(axes, name, position, placement)


def _positions(axes: Any, points: Sequence[Position]) -> list[Position]:
    """Return the positions of data in points from the lower left corner of the axes."""
    if not points:
        return []
    positions = axes.transData.transform(list(points)) - axes.transAxes.transform((0, 0))
    return [(float(x), float(y)) for x, y in positions]


def _draw_label(axes: Any, name: str, point: tuple[float, float], placement: Placement) -> None:
    corner = axes.transAxes.transform((0, 0))
    if placement.end:
        ends = zip(point, placement.end, strict=True)
        leader = [[origin + value for value in values] for origin, values in zip(corner, ends, strict=True)]
        axes.plot(*leader, transform=None, color=SOFT, linewidth=0.6, zorder=2)
    left, bottom, right, top = placement.box
    side = "left" if left >= point[0] else "right" if right <= point[0] else "center"
    x = {"left": left, "right": right, "center": (left + right) / 2}[side]
    position = (corner[0] + x, corner[1] + (bottom + top) / 2)
    axes.text(*position, name, transform=None, fontsize=SMALL, ha=side, va="center_baseline")
