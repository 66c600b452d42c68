"""The scatter of general ability: gain on retrieval against the change on other tasks, one point per entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.labels import label, shorten_middle, text_width
from harness.report.figures.scatter import dot, named_points
from harness.report.figures.shapes import SOFT, axis_below, axis_left, extent, ruled, scale, ticks
from harness.report.figures.switched_figure import drawing
from harness.report.numbers import signed
from harness.report.sections.ability_section import AbilityRow, AbilityTable, Difference

if TYPE_CHECKING:
    from markupsafe import Markup

_NAME = 20  # characters of an entry's name beside its point
_RULES = RULES["cost"]  # lengths of a scatter with names right of it


def ability_figure(table: AbilityTable, measure: str, names: Mapping[str, str]) -> Markup | None:
    """Return the figure of a table, None with fewer than two entries that have both differences.

    Bars are the intervals. The upper right quarter is gained on both, the lower right one gained on retrieval and lost
    elsewhere.
    """
    rows = [row for row in table.rows if row.change][: RULES["entries"]]
    if len(rows) < 2:
        return None
    title = f"Difference in {label(measure)} × 100 against that on other tasks × 100"
    description = "; ".join(f"{label(names[row.entry])}: {_text(row.gain)}, {_text(row.change)}" for row in rows)
    height = float(_RULES["above"] + _RULES["panel"] + _RULES["below"])
    return drawing("ability", title, description, height, _draw(rows, measure, names, height))


def _text(difference: Difference | None) -> str:
    return signed(difference.value) if difference else ""


def _draw(
    rows: Sequence[AbilityRow], measure: str, names: Mapping[str, str], height: float
) -> list[ElementTree.Element]:
    left, top = _RULES["left"], _RULES["above"]
    box = (left, top, RULES["width"] - left - _RULES["right"], height - top - _RULES["below"])
    domains = [extent([0.0, *chain(*map(_bounds, side))], _RULES["room"]) for side in _sides(rows)]
    x, y = scale(domains[0], left, left + box[2]), scale(domains[1], top + box[3], top)
    parts = axis_below(box, x, ticks(domains[0], 7), f"difference in {label(measure)} × 100")
    parts += axis_left(box, y, ticks(domains[1], 8), "on other tasks × 100")
    zero: dict[str, str | float] = {"stroke_dasharray": "4 3", "stroke_width": 0.8}
    parts += [ruled(x(0), top, x(0), top + box[3], **zero), ruled(left, y(0), left + box[2], y(0), **zero)]
    bars, places = [], []
    for gain, change in zip(*_sides(rows), strict=True):
        at = (x(100 * gain.value), y(100 * change.value))
        (low, high), (bottom, upper) = _bounds(gain), _bounds(change)
        bars += [((x(low), at[1]), (x(high), at[1])), ((at[0], y(bottom)), (at[0], y(upper)))]
        places.append(at)
    parts += [ruled(*start, *end, stroke=SOFT) for start, end in bars if start != end]
    short = [shorten_middle(names[row.entry], _NAME) for row in rows]
    sized = [(text, text_width(text, 1.0)) for text in short]
    parts += named_points((left, top, RULES["width"] - left, box[3]), places, sized, bars)
    for row, at in zip(rows, places, strict=True):
        parts.append(dot(*at, filled=True))
        ElementTree.SubElement(parts[-1], "title").text = label(names[row.entry])
    return parts


def _sides(rows: Sequence[AbilityRow]) -> tuple[list[Difference], list[Difference]]:
    return [row.gain for row in rows], [row.change for row in rows if row.change]


def _bounds(difference: Difference) -> tuple[float, float]:
    """Return the ends of a bar × 100; those of a difference without an interval are the difference."""
    low, high = (difference.value if end is None else end for end in (difference.low, difference.high))
    return 100 * low, 100 * high
