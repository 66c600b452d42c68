"""The drawing of every seed's score: one panel per language, one row per entry."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.shapes import (
    ACCENT,
    INK,
    Box,
    Domain,
    axis_below,
    drawn,
    extent,
    name_margin,
    row_height,
    row_name,
    ruled,
    scale,
    ticks,
    written,
)
from harness.report.figures.view import View

_RULES = RULES["seeds"]


def seed_scores(view: View, entry: int, language: str) -> Sequence[float]:
    """Return the score of each seed, lowest seed first; nothing with fewer than two."""
    place = view.data["languages"].index(language)
    scores: Sequence[float] | None = view.data["seeds"][view.measure][entry][place]
    return scores or ()


def seeds_rows(view: View) -> list[int]:
    """Return the entries that have two seeds in a language that is drawn."""
    return [entry for entry in view.entries if any(seed_scores(view, entry, each) for each in view.named_languages)]


def seeds_height(view: View) -> float:
    count = len(seeds_rows(view)[: RULES["entries"]])
    panel = _RULES["above"] + _RULES["row"] * count + _RULES["around"] + _RULES["below"]
    return float(panel * math.ceil(len(view.named_languages) / _RULES["columns"]))


def draw_seeds(view: View, height: float) -> list[Element]:
    """One dot per seed, lowest seed on top, and a vertical line at their mean; all panels have one scale."""
    languages = view.named_languages
    rows = seeds_rows(view)[: RULES["entries"]]
    scores = [100 * score for entry in rows for each in languages for score in seed_scores(view, entry, each)]
    domain = extent(scores, _RULES["room"])
    columns = min(_RULES["columns"], len(languages))
    panel = height / math.ceil(len(languages) / columns)
    room = panel - _RULES["above"] - _RULES["around"] - _RULES["below"]
    step = row_height(_RULES["row"], room, len(rows))
    left = name_margin([view.width(entry) for entry in rows])
    width = (RULES["width"] - left - _RULES["gap"] * columns) / columns
    parts = []
    for i, language in enumerate(languages):
        row, column = divmod(i, columns)
        top = row * panel + _RULES["above"]
        box = (left + column * (width + _RULES["gap"]), top, width, step * len(rows) + _RULES["around"])
        parts.append(written(box[0], top - 6, "start", view.language_label(language), font_size=RULES["text"]))
        parts += _panel(view, rows, language, (box, step, column == 0), domain)
        most = _RULES["ticks" if columns > 1 else "ticks_alone"]
        parts += axis_below(box, scale(domain, box[0], box[0] + width), ticks(domain, most), "")
    return parts


def _panel(
    view: View, rows: Sequence[int], language: str, at: tuple[Box, float, bool], domain: Domain
) -> list[Element]:
    box, step, named = at
    x = scale(domain, box[0], box[0] + box[2])
    parts = []
    for i, entry in enumerate(rows):
        y = box[1] + _RULES["around"] / 2 + step * (i + 0.5)
        parts += row_name(box, view.label(entry) if named else "", y)
        scores = seed_scores(view, entry, language)
        if scores:
            mean = x(100 * statistics.fmean(scores))
            parts.append(ruled(mean, y - 6.5, mean, y + 6.5, stroke=INK, stroke_width=1.2))
        for j, score in enumerate(scores):
            below = 0.5 * step * (j / (len(scores) - 1) - 0.5)
            parts.append(drawn("circle", cx=x(100 * score), cy=y + below, r=2.1, fill=ACCENT))
    return parts
