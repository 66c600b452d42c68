"""The drawing of the embedding geometry: the score against uniformity and against alignment, one point per entry."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.scatter import Point, dot, scatter
from harness.report.figures.shapes import LegendItem, axis_below, axis_left, extent, legend, plain_width, scale, ticks
from harness.report.figures.view import View

QUANTITIES = ("uniformity", "alignment")
_RULES = RULES["geometry"]


@dataclass(frozen=True)
class GeometryPoint:
    """One entry after training, means over its seeds in one language, or over the languages."""

    entry: int
    quantities: tuple[float, float]
    trained: bool
    score: float


def geometry_points(view: View, language: str) -> list[GeometryPoint]:
    """Return the points of the first entries that are shown, of those that have one."""
    place = view.data["languages"].index(language)
    points = []
    for entry in view.entries[: RULES["entries"]]:
        measured, score = view.data["geometry"][entry], view.found(entry, language)
        if measured and measured[place] and score:
            uniformity, alignment, trained = measured[place]
            points.append(GeometryPoint(entry, (uniformity, alignment), trained, score["mean"]))
    return points


def geometry_height(view: View) -> float:
    _, above = _legend(view)
    return above + float(_RULES["above"] + _RULES["panel"] + _RULES["below"])


def draw_geometry(view: View, height: float) -> list[Element]:
    """One panel per quantity on one scale of scores; entries that were not trained have hollow dots."""
    points = geometry_points(view, view.scope)
    parts, above = _legend(view)
    top = above + _RULES["above"]
    width = (RULES["width"] - 2 * _RULES["left"] - _RULES["right"]) / 2
    scores = extent([100 * point.score for point in points], _RULES["room"])
    for i, quantity in enumerate(QUANTITIES):
        box = (_RULES["left"] + i * (width + _RULES["left"]), top, width, height - top - _RULES["below"])
        domain = extent([point.quantities[i] for point in points], _RULES["room"])
        x, y = scale(domain, box[0], box[0] + width), scale(scores, top + box[3], top)
        placed = [Point(each.entry, each.quantities[i], 100 * each.score, each.trained) for each in points]
        parts += axis_below(box, x, ticks(domain, _RULES["ticks"]), f"{quantity}  (← better)")
        parts += axis_left(box, y, ticks(scores, _RULES["ticks_left"]), "" if i else f"{view.state.measure} × 100")
        parts += scatter(view, box, placed, (x, y))
    return parts


def _legend(view: View) -> tuple[list[Element], float]:
    """Return the legend, which is the same whatever is shown; none where all entries are trained."""
    points = [point for measured in view.data["geometry"] for point in measured or () if point]
    if all(trained for _, _, trained in points):
        return [], 0
    items: list[LegendItem] = [
        ("trained", plain_width("trained"), lambda x, y: dot(x, y, filled=True)),
        ("not trained", plain_width("not trained"), lambda x, y: dot(x, y, filled=False)),
    ]
    return legend(items, _RULES["left"])
