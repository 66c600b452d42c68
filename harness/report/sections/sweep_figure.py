"""The figure of a sweep: the average over the values of a setting, one line per combination of the other settings."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harness.report.figures.axes import add_panel
from harness.report.figures.labels import label, text_width
from harness.report.figures.legend import Legend
from harness.report.figures.palette import DASHES, HUES, INK, SMALL, WIDTH
from harness.report.figures.svg import render_svg
from harness.report.numbers import hundred
from harness.report.sections.sweep_curves import Curve, Line, Point, is_number, value_order
from harness.stats.entry_scores import overall

if TYPE_CHECKING:
    from markupsafe import Markup

LOG_FROM = 10  # the axis of a numeric setting is logarithmic if its largest value is more than 10 times its smallest
_LEFT = 52.0  # space for the tick labels
_PANEL_HEIGHT = 220.0


def sweep_figure(curve: Curve, number: int) -> Markup:
    """Return a curve as an SVG element; `number` makes its ids unique on the page."""
    title = f"{label(curve.origin)}: {label(curve.measure)} over {label(curve.symbol)}"
    plot = _SweepPlot(curve)
    return render_svg(f"sweep-{number}", title, _description(curve), plot.height, plot)


def _description(curve: Curve) -> str:
    return "; ".join(f"{_line_name(curve, line)}: {', '.join(map(_point_text, line.points))}" for line in curve.lines)


def _line_name(curve: Curve, line: Line) -> str:
    """Return the values of the other settings, or what the only line is of: the average, or the only language."""
    return label(line.label or overall(curve.languages))


def _point_text(point: Point) -> str:
    return f"{label(point.text)}: {hundred(point.average.mean) if point.average else 'none'}"


class _SweepPlot:
    """Averages with their intervals; also the languages, if there is only one line."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.languages = curve.languages if len(curve.lines) == 1 and len(curve.languages) > 1 else ()
        items = [(_line_name(curve, line), _average_style(i)) for i, line in enumerate(curve.lines)]
        items += [(label(language, 12), _language_style(i)) for i, language in enumerate(self.languages)]
        self.legend = Legend(items if len(items) > 1 else [], _LEFT)
        self.height = self.legend.height + _PANEL_HEIGHT + 56

    def __call__(self, canvas: Any) -> None:
        self.legend.draw(canvas, 0)
        axes = add_panel(canvas, (_LEFT, self.legend.height + 10, WIDTH - _LEFT - 16, _PANEL_HEIGHT))
        points = {point.text: point for line in self.curve.lines for point in line.points}
        values = sorted(points.values(), key=lambda point: value_order(point.value))
        numeric = all(is_number(point.value) for point in values)
        x_by_value = {point.text: float(point.value) if numeric else float(i) for i, point in enumerate(values)}
        self._draw_lines(axes, x_by_value)
        smallest, largest = min(x_by_value.values()), max(x_by_value.values())
        if numeric and smallest > 0 and largest > LOG_FROM * smallest:
            axes.set_xscale("log")
        axes.set_xticks(list(x_by_value.values()), labels=self._tick_labels(axes, x_by_value))
        axes.minorticks_off()
        named = self.curve.symbol in (self.curve.target, self.curve.target.partition(".")[2])
        axes.set_xlabel(label(self.curve.target) if named else f"{self.curve.symbol} ({label(self.curve.target)})")
        axes.set_ylabel(f"{label(self.curve.measure)} × 100")

    def _tick_labels(self, axes: Any, x_by_value: Mapping[str, float]) -> list[str]:
        """Return the values, each with the symbol where all have room for it."""
        full = [label(f"{self.curve.symbol} = {value}", 24) for value in x_by_value]
        axes.autoscale_view()  # places are those of the limits, which are set when the figure is drawn
        places = [float(axes.transData.transform((x, 0))[0]) for x in x_by_value.values()]
        half = [(x, text_width(text, SMALL) / 2) for x, text in sorted(zip(places, full, strict=True))]
        inside = half[0][0] - half[0][1] >= 0 and half[-1][0] + half[-1][1] <= WIDTH
        apart = all(x + width + 4 < other - other_width for (x, width), (other, other_width) in pairwise(half))
        return full if inside and apart else [label(value, 16) for value in x_by_value]

    def _draw_lines(self, axes: Any, x_by_value: Mapping[str, float]) -> None:
        for i, line in enumerate(self.curve.lines):
            averages = [(x_by_value[point.text], point.average) for point in line.points if point.average]
            xs = [x for x, _ in averages]
            means = [100 * score.mean for _, score in averages]
            below = [100 * _distance(score.low, score.mean) for _, score in averages]
            above = [100 * _distance(score.mean, score.high) for _, score in averages]
            axes.errorbar(xs, means, yerr=[below, above], capsize=3, elinewidth=1, **_average_style(i))
        for i in range(len(self.languages)):
            scores = [(x_by_value[point.text], point.boxes[i].score) for point in self.curve.lines[0].points]
            measured = [(x, 100 * score.mean) for x, score in scores if score]
            axes.plot([x for x, _ in measured], [y for _, y in measured], **_language_style(i))


def _average_style(i: int) -> dict[str, Any]:
    """Return the style of a line of averages: the first in the text colour of the page, the others in hues."""
    color = HUES[(i - 1) % len(HUES)] if i else INK
    return {"color": color, "marker": "osD^vP*X"[i % 8], "markersize": 5, "linestyle": "-", "linewidth": 1.5}


def _language_style(i: int) -> dict[str, Any]:
    return {"color": HUES[i % len(HUES)], "linestyle": DASHES[1:][i % 5], "linewidth": 1.1}


def _distance(low: float | None, high: float | None) -> float:
    """Return high minus low; 0 if one is missing, or if low (a percentile) exceeds high."""
    return 0.0 if low is None or high is None else max(high - low, 0.0)
