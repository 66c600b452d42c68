"""The drawing of learning curves: one panel per loss, one line per entry, with the entry's name at its end.

The panels are drawn once per language and once for the mean of the languages, in the same place; the page shows the
mean first, and those of a language when it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.figures.axes import add_panel, mark_gid
from harness.report.figures.label_placement import stack_labels
from harness.report.figures.labels import shorten_middle, text_width
from harness.report.figures.learning_curve import LearningCurve
from harness.report.figures.palette import DASHES, HUES, SMALL, WIDTH

_COLUMNS = 2  # panels side by side
_LEFT = 39.0  # space for the tick labels beside a panel
_NAME = 20  # characters of an entry's name
_LABEL_HEIGHT = 12.5
_LEADER = 16.0  # from the end of a line to its label
_PANEL_HEIGHT = 100.0  # at least
_AROUND = 60.0  # above and below a panel


@dataclass(frozen=True)
class Layer:
    """The curves of one language, or of the mean of the languages; `language` is its place on the page, "" if alone."""

    language: str
    curves: Mapping[str, LearningCurve]  # by entry
    first: bool  # shown before a language is chosen


class LearningPlot:
    """`entries_by_loss` has one panel per loss; `places` are those of the entries on the page."""

    def __init__(
        self, layers: Sequence[Layer], entries_by_loss: Mapping[str, Sequence[str]], places: Mapping[str, int]
    ) -> None:
        self.layers, self.entries_by_loss, self.places = layers, entries_by_loss, places
        most = max(map(len, entries_by_loss.values()))
        self.panel_height = max(_PANEL_HEIGHT, _LABEL_HEIGHT * most)
        self.height = (self.panel_height + _AROUND) * -(-len(entries_by_loss) // _COLUMNS)
        names = [shorten_middle(entry, _NAME) for entries in entries_by_loss.values() for entry in entries]
        self.right = _LEADER + max(text_width(name, SMALL) for name in names)

    def __call__(self, canvas: Any) -> None:
        width = WIDTH / _COLUMNS
        for layer in self.layers:
            for i, (loss, entries) in enumerate(self.entries_by_loss.items()):
                row, column = divmod(i, _COLUMNS)
                top = 20 + row * (self.panel_height + _AROUND)
                box = (_LEFT + column * width, top, width - _LEFT - self.right - 4, self.panel_height)
                axes = add_panel(canvas, box)
                if layer.language:
                    hidden = {} if layer.first else {"hidden": ""}
                    axes.set_gid(mark_gid(data_language=layer.language, **hidden))
                axes.set_title(shorten_middle(loss, 30), pad=5, fontsize=SMALL + 0.5)
                axes.set_xlim(0, 100)
                axes.set_xlabel("% of the steps", fontsize=SMALL)
                axes.locator_params(axis="y", nbins=4)
                self._draw_entries(axes, entries, layer)

    def _draw_entries(self, axes: Any, entries: Sequence[str], layer: Layer) -> None:
        """Draw the line of every entry that the layer has; an entry looks the same in every layer."""
        curves = [(i, layer.curves[entry]) for i, entry in enumerate(entries) if entry in layer.curves]
        for i, curve in curves:
            gid = mark_gid(data_entry=str(self.places[curve.entry]))
            axes.plot(curve.shares, curve.losses, color=HUES[i % len(HUES)], linewidth=0.8, alpha=0.45, gid=gid)
            style = {"color": HUES[i % len(HUES)], "linestyle": DASHES[i % len(DASHES)], "linewidth": 1.5}
            axes.plot(curve.shares, curve.smoothed, **style, gid=gid, zorder=3)
        self._draw_names(axes, curves)

    def _draw_names(self, axes: Any, curves: Sequence[tuple[int, LearningCurve]]) -> None:
        """Write the names right of the panel in the order of the lines' ends, each led to by a thin line."""
        axes.autoscale_view()  # fixes the positions of the ends
        bottom, top = axes.get_ylim()
        unit = (top - bottom) / self.panel_height
        ends = [(curve.smoothed[-1] - bottom) / unit for _, curve in curves]
        half = _LABEL_HEIGHT / 2
        middles = stack_labels(ends, _LABEL_HEIGHT, half, self.panel_height - half)
        point = 100 / float(axes.get_position().width * WIDTH)  # the width of a point, in the units of the axis
        for (i, curve), middle in zip(curves, middles, strict=True):
            gid = mark_gid(data_entry=str(self.places[curve.entry]))
            name_x, name_y = 100 + _LEADER * point, bottom + middle * unit
            xs, ys = [curve.shares[-1], name_x - 3 * point], [curve.smoothed[-1], name_y]
            axes.plot(xs, ys, color=HUES[i % len(HUES)], linewidth=0.7, clip_on=False, gid=gid, zorder=2)
            name = shorten_middle(curve.entry, _NAME)
            axes.text(name_x, name_y, name, fontsize=SMALL, va="center_baseline", gid=gid)
