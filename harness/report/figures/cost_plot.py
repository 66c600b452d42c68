"""The drawing of score against time: one labelled point per entry, and the front of the best scores within a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.report.figures.axes import add_panel
from harness.report.figures.label_placement import Placement, line_boxes, place_labels
from harness.report.figures.labels import label, text_width
from harness.report.figures.palette import ACCENT, BACK, SMALL, SOFT, WIDTH

LOG_FROM = 10  # the time axis is logarithmic if the longest time is more than this many times the shortest
_LABEL_HEIGHT = 12.5
_RIGHT = 70.0  # space for labels beside the panel


@dataclass(frozen=True)
class EntryCost:
    """The mean time of the cells of one entry, and its average score."""

    entry: str
    seconds: float
    score: float


@dataclass(frozen=True)
class TimeUnit:
    """A unit of time and its length in seconds."""

    name: str
    seconds: float


def pareto_front(costs: Sequence[EntryCost]) -> list[EntryCost]:
    """Return the entries for which no other entry has a higher score in the same time or less, fastest first."""
    front: list[EntryCost] = []
    for cost in sorted(costs, key=lambda cost: (cost.seconds, -cost.score)):
        if not front or cost.score > front[-1].score:
            front.append(cost)
    return front


class CostPlot:
    """Times are drawn in `unit`; `score_label` is the label of the score axis."""

    def __init__(self, costs: Sequence[EntryCost], unit: TimeUnit, score_label: str) -> None:
        self.costs, self.unit, self.score_label = costs, unit, score_label
        self.panel_height = 300.0 + 5 * len(costs)
        self.panel_width = WIDTH - 50 - _RIGHT
        self.height = self.panel_height + 60

    def __call__(self, canvas: Any) -> None:
        from matplotlib.ticker import LogLocator

        axes = add_panel(canvas, (50, 10, self.panel_width, self.panel_height))
        front = pareto_front(self.costs)
        steps = ([cost.seconds / self.unit.seconds for cost in front], [100 * cost.score for cost in front])
        axes.plot(*steps, drawstyle="steps-post", color=SOFT, linestyle=(0, (4, 3)), linewidth=1, zorder=1)
        style = {"color": ACCENT, "markersize": 6.5, "markeredgewidth": 1.4, "zorder": 3}
        for cost in self.costs:
            face = ACCENT if cost in front else BACK
            axes.plot([cost.seconds / self.unit.seconds], [100 * cost.score], "o", markerfacecolor=face, **style)
        times = [cost.seconds for cost in self.costs]
        if max(times) > LOG_FROM * min(times):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.minorticks_off()
        axes.margins(0.06)
        axes.set_xlabel(f"{self.unit.name} a cell{', logarithmic' if axes.get_xscale() == 'log' else ''}")
        axes.set_ylabel(self.score_label)
        self._draw_labels(axes, front)

    def _draw_labels(self, axes: Any, front: Sequence[EntryCost]) -> None:
        """Write the names beside their points, with a leader line where there is no room next to the point."""
        axes.autoscale_view()  # fixes the positions of the points
        steps = [(after.seconds, score) for before, after in pairwise(front) for score in (before.score, after.score)]
        line = self._positions(axes, [(front[0].seconds, front[0].score), *steps])
        points = self._positions(axes, [(cost.seconds, cost.score) for cost in self.costs])
        names = [label(cost.entry) for cost in self.costs]
        sizes = [(text_width(name, SMALL) + 2, _LABEL_HEIGHT) for name in names]
        frame = (self.panel_width + _RIGHT, self.panel_height)
        placements = place_labels(points, sizes, frame, line_boxes(line))
        for name, point, placement in zip(names, points, placements, strict=True):
            if placement is not None:
                _draw_label(axes, name, point, placement)

    def _positions(self, axes: Any, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return the positions of (seconds, score) in points from the lower left corner of the panel."""
        data = [(seconds / self.unit.seconds, 100 * score) for seconds, score in points]
        positions = axes.transData.transform(data) - axes.transAxes.transform((0, 0))
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
