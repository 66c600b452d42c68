"""The drawing of the embedding geometry: the score against uniformity and against alignment, one point per entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.figures.axes import add_panel, tooltip_gid
from harness.report.figures.labels import label, shorten_middle
from harness.report.figures.legend import Legend
from harness.report.figures.palette import ACCENT, BACK, WIDTH
from harness.report.figures.scatter_labels import draw_labels

QUANTITIES = ("uniformity", "alignment")
_LEFT = 48.0  # space for the tick labels beside a panel
_NAME = 20  # characters of an entry's name
_PANEL_HEIGHT = 280.0


@dataclass(frozen=True)
class GeometryPoint:
    """One entry after training, means over its seeds in one language, or over the languages."""

    entry: str
    trained: bool
    uniformity: float
    alignment: float
    score: float


class GeometryPlot:
    """One panel per quantity on one scale of scores; entries that were not trained have hollow markers."""

    def __init__(self, points: Sequence[GeometryPoint], score_label: str) -> None:
        self.points, self.score_label = points, score_label
        self.legend = Legend(self._legend_items(), _LEFT)
        self.height = self.legend.height + _PANEL_HEIGHT + 56

    def __call__(self, canvas: Any) -> None:
        self.legend.draw(canvas, 0)
        width = (WIDTH - 2 * _LEFT - 16) / 2
        for i, quantity in enumerate(QUANTITIES):
            box = (_LEFT + i * (width + _LEFT), self.legend.height + 12, width, _PANEL_HEIGHT)
            axes = add_panel(canvas, box)
            positions = [(float(getattr(point, quantity)), 100 * point.score) for point in self.points]
            for point, (x, y) in zip(self.points, positions, strict=True):
                axes.plot([x], [y], **_style(hollow=not point.trained), gid=tooltip_gid(label(point.entry)))
            axes.margins(0.08)
            axes.locator_params(axis="x", nbins=6)
            axes.set_xlabel(f"{quantity}  (← better)")
            if i == 0:
                axes.set_ylabel(self.score_label)
            names = [shorten_middle(point.entry, _NAME) for point in self.points]
            draw_labels(axes, names, positions, (width, _PANEL_HEIGHT))

    def _legend_items(self) -> list[tuple[str, dict[str, Any]]]:
        if all(point.trained for point in self.points):
            return []
        return [("trained", _style(hollow=False)), ("not trained", _style(hollow=True))]


def _style(*, hollow: bool) -> dict[str, Any]:
    style = {"color": ACCENT, "marker": "o", "markersize": 6, "markeredgewidth": 1.4, "linestyle": "none"}
    return {**style, "markerfacecolor": BACK} if hollow else style
