"""The drawing of score against time: one labelled point per entry, and the front of the best scores within a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from harness.report.figures.axes import add_panel
from harness.report.figures.labels import label
from harness.report.figures.palette import ACCENT, BACK, SOFT, WIDTH
from harness.report.figures.scatter_labels import draw_labels

LOG_FROM = 10  # the time axis is logarithmic if the longest time is more than this many times the shortest
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
        front_line = [self._position(cost.seconds, cost.score) for cost in front]
        axes.plot(
            *zip(*front_line, strict=True),
            drawstyle="steps-post",
            color=SOFT,
            linestyle=(0, (4, 3)),
            linewidth=1,
            zorder=1,
        )
        style = {"color": ACCENT, "markersize": 6.5, "markeredgewidth": 1.4, "zorder": 3}
        for cost in self.costs:
            face = ACCENT if cost in front else BACK
            x, y = self._position(cost.seconds, cost.score)
            axes.plot([x], [y], "o", markerfacecolor=face, **style)
        times = [cost.seconds for cost in self.costs]
        if max(times) > LOG_FROM * min(times):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.minorticks_off()
        axes.margins(0.06)
        axes.set_xlabel(f"{self.unit.name} a cell{', logarithmic' if axes.get_xscale() == 'log' else ''}")
        axes.set_ylabel(self.score_label)
        points = [self._position(cost.seconds, cost.score) for cost in self.costs]
        steps = [(after.seconds, score) for before, after in pairwise(front) for score in (before.score, after.score)]
        line = [self._position(*step) for step in ((front[0].seconds, front[0].score), *steps)]
        names = [label(cost.entry) for cost in self.costs]
        draw_labels(axes, names, points, (self.panel_width + _RIGHT, self.panel_height), line)

    def _position(self, seconds: float, score: float) -> tuple[float, float]:
        return seconds / self.unit.seconds, 100 * score
