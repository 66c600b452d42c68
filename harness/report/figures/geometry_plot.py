"""The drawing of the embedding geometry: the score against uniformity and against alignment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.figures.axes import add_panel, tooltip_gid
from harness.report.figures.labels import label
from harness.report.figures.legend import Legend
from harness.report.figures.palette import BACK, HUES, MARKERS, SOFT, WIDTH

QUANTITIES = ("uniformity", "alignment")
_LEFT = 48.0  # space for the tick labels beside a panel
_PANEL_HEIGHT = 250.0


@dataclass(frozen=True)
class GeometryPoint:
    """One entry in one language after training, means over its seeds."""

    entry: str
    language: str
    trained: bool
    uniformity: float
    alignment: float
    score: float


class GeometryPlot:
    """One panel per quantity; entries that were not trained have hollow markers."""

    def __init__(self, languages: Sequence[str], points: Sequence[GeometryPoint], score_label: str) -> None:
        self.languages, self.points, self.score_label = languages, points, score_label
        self.legend = Legend(self._legend_items(), _LEFT)
        self.height = self.legend.height + _PANEL_HEIGHT + 56

    def __call__(self, canvas: Any) -> None:
        self.legend.draw(canvas, 0)
        width = (WIDTH - 2 * _LEFT - 16) / 2
        for i, quantity in enumerate(QUANTITIES):
            box = (_LEFT + i * (width + _LEFT), self.legend.height + 12, width, _PANEL_HEIGHT)
            axes = add_panel(canvas, box)
            for point in self.points:
                style = self._style(point.language, hollow=not point.trained)
                gid = tooltip_gid(f"{label(point.entry)}, {label(point.language, 12)}")
                axes.plot([getattr(point, quantity)], [100 * point.score], **style, gid=gid)
            axes.locator_params(axis="x", nbins=6)
            axes.set_xlabel(f"{quantity}  (← better)")
            if i == 0:
                axes.set_ylabel(self.score_label)

    def _legend_items(self) -> list[tuple[str, dict[str, Any]]]:
        items = [(label(name, 12), self._style(name, hollow=False)) for name in self.languages]
        if any(not point.trained for point in self.points):
            items.append(("not trained", {**self._style(self.languages[0], hollow=True), "color": SOFT}))
        return items

    def _style(self, language: str, *, hollow: bool) -> dict[str, Any]:
        i = list(self.languages).index(language)
        style = {"color": HUES[i], "marker": MARKERS[i], "markersize": 8 if hollow else 5.5, "linestyle": "none"}
        return {**style, "markerfacecolor": BACK} if hollow else style
