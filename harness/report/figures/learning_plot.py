"""The drawing of learning curves: one panel per entry, one line per language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.figures.axes import add_panel
from harness.report.figures.labels import label, shorten_middle
from harness.report.figures.learning_curve import LearningCurve
from harness.report.figures.legend import Legend
from harness.report.figures.palette import DASHES, HUES, SMALL, WIDTH

_COLUMNS = 4  # panels side by side
_LEFT = 39.0  # space for the tick labels beside a panel
_PANEL_HEIGHT = 78.0
_ROW_HEIGHT = _PANEL_HEIGHT + 42


class LearningPlot:
    """`curves_by_entry` has one panel per entry, in their order."""

    def __init__(self, languages: Sequence[str], curves_by_entry: Mapping[str, Sequence[LearningCurve]]) -> None:
        self.languages, self.curves_by_entry = languages, curves_by_entry
        self.legend = Legend([(label(name, 12), self._style(name)) for name in languages], _LEFT)
        self.height = self.legend.height + _ROW_HEIGHT * -(-len(curves_by_entry) // _COLUMNS) + 4

    def __call__(self, canvas: Any) -> None:
        self.legend.draw(canvas, 0)
        width = (WIDTH - 8) / _COLUMNS
        for i, (entry, curves) in enumerate(self.curves_by_entry.items()):
            row, column = divmod(i, _COLUMNS)
            top = self.legend.height + 20 + row * _ROW_HEIGHT
            axes = add_panel(canvas, (_LEFT + column * width, top, width - _LEFT, _PANEL_HEIGHT))
            axes.set_title(shorten_middle(entry, 20), pad=4, fontsize=SMALL + 0.5)
            for curve in curves:
                self._draw_curve(axes, curve)
            axes.locator_params(axis="both", nbins=4)
            axes.locator_params(axis="x", integer=True)

    def _style(self, language: str) -> dict[str, Any]:
        i = list(self.languages).index(language)
        return {"color": HUES[i], "linestyle": DASHES[i], "linewidth": 1.1}

    def _draw_curve(self, axes: Any, curve: LearningCurve) -> None:
        style = self._style(curve.language)
        if curve.seeds > 1:
            axes.fill_between(curve.steps, curve.lowest, curve.highest, color=style["color"], alpha=0.25, linewidth=0)
        axes.plot(curve.steps, curve.means, **style)
