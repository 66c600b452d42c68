"""The drawing of the forest plot: one row per entry with the difference of the average and of each language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.forest_rows import (
    difference,
    difference_text,
    forest_rows,
    is_baseline,
    is_multilingual,
    language_differences,
    shown_direction,
)
from harness.report.figures.shapes import (
    BACK,
    INK,
    SOFT,
    Box,
    Domain,
    LegendItem,
    Scale,
    anchored_extent,
    axis_below,
    diamond,
    drawn,
    legend,
    mark,
    name_margin,
    number,
    plain_width,
    row_height,
    row_name,
    ruled,
    scale,
    ticks,
    written,
)
from harness.report.figures.view import Found, View
from harness.report.table_view import ONE_SEED

_RULES = RULES["forest"]


def forest_height(view: View) -> float:
    rows = forest_rows(view)[: RULES["entries"]]
    margin = name_margin([view.width(entry) for entry in rows])
    _, above = _legend(view, margin)
    return above + float(_RULES["above"] + _row_height(view) * len(rows) + _RULES["around"] + _RULES["below"])


def draw_forest(view: View, height: float) -> list[Element]:
    """Rows from top to bottom as on the page; languages have marks of their own if there are few enough."""
    rows = forest_rows(view)[: RULES["entries"]]
    left = name_margin([view.width(entry) for entry in rows])
    parts, above = _legend(view, left)
    top = above + _RULES["above"]
    step = row_height(_row_height(view), height - top - _RULES["around"] - _RULES["below"], len(rows))
    box = (left, top, RULES["width"] - left - _RULES["numbers"] - 10, step * len(rows) + _RULES["around"])
    domain = forest_domain(view, rows)
    x = scale(domain, left, left + box[2])
    parts += _ground(box, x)
    for i, entry in enumerate(rows):
        parts += _row(view, entry, (box, top + _RULES["around"] / 2 + step * i, step), (domain, x))
    parts.append(written(RULES["width"], top - 4, "end", "Δ [95 %]", fill=SOFT))
    label = f"worse than {view.baseline_labels[1]}  ←  Δ  →  better"
    return [*parts, *axis_below(box, x, ticks(domain, _RULES["ticks"]), label)]


def forest_domain(view: View, rows: Sequence[int]) -> Domain:
    """Return the ends of the axis: anchors do not widen it where they would squeeze the other entries."""
    anchors = [entry for entry in rows if view.data["entries"][entry].get("anchor")]
    inner = _ends(view, [entry for entry in rows if entry not in anchors])
    return anchored_extent(inner, _ends(view, anchors), _RULES["room"], (-RULES["margin"], RULES["margin"]))


def is_beyond(score: Found, domain: Domain) -> bool:
    """Return whether a difference lies beyond the axis."""
    return not domain[0] <= 100 * score["delta"] <= domain[1]


def _ends(view: View, rows: Sequence[int]) -> list[float]:
    scores = [score for entry in rows for score in (difference(view, entry), *_languages_of(view, entry)) if score]
    ends = (end for score in scores for end in (score["delta"], score["delta_low"], score["delta_high"]))
    return [100 * end for end in ends if end is not None]


def _languages_of(view: View, entry: int) -> list[Found]:
    return [score for _, score in language_differences(view, entry)]


def _row_height(view: View) -> float:
    count = len(view.languages)
    if count == 1:
        return float(_RULES["row"])
    return float(_RULES["rows"] + _RULES["language"] * count if count <= RULES["languages"] else _RULES["unnamed"])


def _legend(view: View, left: float) -> tuple[list[Element], float]:
    count = len(view.languages)
    if not is_multilingual(view):
        name, width = view.language_name(view.languages[0])
        return legend([(name, width, _average)], left)
    items: list[LegendItem] = [("average", plain_width("average"), _average)]
    if count <= RULES["languages"]:
        for i, language in enumerate(view.languages):
            name, width = view.language_name(language)
            items.append((name, width, _language_mark(i)))
    else:
        text = f"each of {count} languages"
        items.append((text, plain_width(text), lambda x, y: mark(0, x, y, 1.9, fill=SOFT)))
    return legend(items, left)


def _language_mark(i: int) -> Callable[[float, float], Element]:
    return lambda x, y: mark(i, x, y, 1.9, fill=RULES["hues"][i])


def _average(x: float, y: float, *, hollow: bool = False) -> Element:
    return diamond(x, y, 4.6, stroke=INK, stroke_width=1.5, fill=BACK if hollow else INK)


def _ground(box: Box, x: Scale) -> list[Element]:
    """Return the band of equivalence and the line of no difference."""
    _, top, _, height = box
    low, high = x(-RULES["margin"]), x(RULES["margin"])
    band = drawn("rect", x=low, y=top, width=high - low, height=height, fill=SOFT, fill_opacity=0.2)
    return [band, ruled(x(0), top, x(0), top + height, stroke=INK)]


def _row(view: View, entry: int, at: tuple[Box, float, float], axis: tuple[Domain, Scale]) -> list[Element]:
    box, top, step = at
    middle = top + step / 2
    parts = row_name(box, view.label(entry), middle)
    score = difference(view, entry)
    if is_baseline(view, entry):
        zero = axis[1](0)
        parts.append(ruled(zero, middle - 5.5, zero, middle + 5.5, stroke=INK, stroke_width=2))
        return [*parts, written(RULES["width"], middle + 4, "end", "baseline")]
    text = difference_text(score) if score else "needs every language"
    parts.append(written(RULES["width"], middle + 4, "end", text))
    if score and is_beyond(score, axis[0]):
        return [*parts, _arrow(middle, score, axis)]
    named = len(view.languages) <= RULES["languages"]
    for i, of_language in language_differences(view, entry):
        y = top + _RULES["first"] + (_RULES["language"] * i if named else 0)
        parts += _language(i, y, of_language, axis) if named else _unnamed(y, of_language, axis)
    if score:
        y = top + _RULES["average"] if is_multilingual(view) else middle
        parts += _interval(y, score, axis, stroke=INK, stroke_width=2.2)
        parts.append(_average(axis[1](100 * score["delta"]), y, hollow=not shown_direction(score)))
    return parts


def _arrow(y: float, score: Found, axis: tuple[Domain, Scale]) -> Element:
    """Return an arrow at the end of the axis."""
    domain, x = axis
    end, turn = (x(domain[1]), 1) if score["delta"] > 0 else (x(domain[0]), -1)
    path = f"M{_at(end - 4 * turn, y - 4)}L{_at(end + 4 * turn, y)}L{_at(end - 4 * turn, y + 4)}z"
    return drawn("path", d=path, fill=INK)


def _at(x: float, y: float) -> str:
    return f"{number(x)} {number(y)}"


def _language(i: int, y: float, score: Found, axis: tuple[Domain, Scale]) -> list[Element]:
    if is_beyond(score, axis[0]):
        return []
    hue = RULES["hues"][i]
    return [
        *_interval(y, score, axis, stroke=hue, stroke_width=0.9),
        mark(i, axis[1](100 * score["delta"]), y, 1.9, fill=hue),
    ]


def _unnamed(y: float, score: Found, axis: tuple[Domain, Scale]) -> list[Element]:
    if is_beyond(score, axis[0]):
        return []
    return [mark(0, axis[1](100 * score["delta"]), y, 1.9, fill=SOFT, fill_opacity=0.7)]


def _interval(y: float, score: Found, axis: tuple[Domain, Scale], **style: Any) -> list[Element]:
    """Return the interval as far as the axis reaches."""
    if score["delta_low"] is None or score["delta_high"] is None:
        return []
    (low, high), x = axis
    ends = [x(min(high, max(low, 100 * score[end]))) for end in ("delta_low", "delta_high")]
    dashes = {"stroke_dasharray": "4 2"} if score["note"] == ONE_SEED else {}
    return [ruled(ends[0], y, ends[1], y, **style, **dashes)]
