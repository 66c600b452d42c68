"""Points with their names beside them, a leader line where there is no room next to a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.label_placement import Placement, line_boxes, place_labels
from harness.report.figures.shapes import ACCENT, BACK, Box, Scale, drawn, number, plain_width, ruled, written
from harness.report.figures.view import View

OUTLINE: dict[str, str | float] = {"stroke": ACCENT, "stroke_width": 1.4}


@dataclass(frozen=True)
class Point:
    """An entry at (x, y) in the units of the axes, as a dot, or as an arrow upwards (1) or downwards (-1).

    `note` stands behind its name.
    """

    entry: int
    x: float
    y: float
    filled: bool
    arrow: int = 0
    note: str = ""


def dot(x: float, y: float, *, filled: bool) -> Element:
    return drawn("circle", cx=x, cy=y, fill=ACCENT if filled else BACK, r=3.2, **OUTLINE)


def _arrow(x: float, y: float, point: Point) -> Element:
    """Return a triangle that points upwards or downwards."""
    base, tip = y + 4 * point.arrow, y - 4 * point.arrow
    path = "L".join(f"{number(px)} {number(py)}" for px, py in ((x - 4, base), (x + 4, base), (x, tip)))
    return drawn("path", d=f"M{path}z", fill=ACCENT if point.filled else BACK, **OUTLINE)


def scatter(
    view: View,
    frame: Box,
    points: Sequence[Point],
    scales: tuple[Scale, Scale],
    line: Sequence[tuple[float, float]] = (),
) -> list[Element]:
    """Return the points and their names inside a frame, clear of a line. A name without room is left out."""
    places = [(scales[0](point.x), scales[1](point.y)) for point in points]
    names = [_name(view, point) for point in points]
    parts = named_points(frame, places, names, [line])
    for point, place in zip(points, places, strict=True):
        parts.append(_arrow(*place, point) if point.arrow else dot(*place, filled=point.filled))
        SubElement(parts[-1], "title").text = view.label(point.entry)
    return parts


def _name(view: View, point: Point) -> tuple[str, float]:
    name, width = view.point_label(point.entry)
    return (f"{name} {point.note}", width + plain_width(f" {point.note}")) if point.note else (name, width)


def named_points(
    frame: Box,
    places: Sequence[tuple[float, float]],
    names: Sequence[tuple[str, float]],
    lines: Sequence[Sequence[tuple[float, float]]],
) -> list[Element]:
    """Return the names, each with its width in font sizes, beside places inside a frame, clear of lines."""
    left, top, width, height = frame
    bottom = top + height

    def upwards(positions: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x - left, bottom - y) for x, y in positions]

    sizes = [(RULES["small"] * em + 2, RULES["labels"]["height"]) for _, em in names]
    reserved = np.concatenate([line_boxes(upwards(line)) for line in lines])
    placements = place_labels(upwards(places), sizes, (width, height), reserved)
    parts = []
    for place, (name, _), placement in zip(places, names, placements, strict=True):
        if placement:
            parts += _label(place, name, placement, (left, bottom))
    return parts


def _label(place: tuple[float, float], name: str, placement: Placement, corner: tuple[float, float]) -> list[Element]:
    left, bottom, right, top = placement.box
    x, y = place[0] - corner[0], corner[1] - (bottom + top) / 2 + 3.7
    anchor, at = ("start", left) if left >= x else ("end", right) if right <= x else ("middle", (left + right) / 2)
    text = written(corner[0] + at, y, anchor, name)
    if placement.end is None:
        return [text]
    return [ruled(*place, corner[0] + placement.end[0], corner[1] - placement.end[1], stroke_width=0.6), text]
