"""The drawing of ranks: one row per entry with its rank, the interval of the rank, and its letters."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harness.errors import quantity
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.shapes import (
    ACCENT,
    INK,
    SOFT,
    axis_below,
    diamond,
    name_margin,
    row_height,
    row_name,
    ruled,
    scale,
    written,
)
from harness.report.figures.view import View

_RULES = RULES["ranks"]


@dataclass(frozen=True)
class EntryRank:
    """The rank of one entry among all entries."""

    entry: int
    mean: float
    rank: int
    best: int
    worst: int
    letters: str


def all_ranks(view: View) -> list[EntryRank]:
    """Return the rank of every entry that has one, also of those that are not shown."""
    scores = [(entry, view.found(entry, view.scope)) for entry in range(len(view.data["entries"]))]
    ranked = [(entry, score) for entry, score in scores if score and score["best"] is not None]
    return [
        EntryRank(
            entry=entry,
            mean=score["mean"],
            rank=1 + sum(other["mean"] > score["mean"] for _, other in ranked),
            best=score["best"],
            worst=score["worst"],
            letters=score["letters"],
        )
        for entry, score in ranked
    ]


def shown_ranks(view: View) -> list[EntryRank]:
    return [rank for rank in all_ranks(view) if view.is_shown(rank.entry)]


def ranks_height(view: View) -> float:
    return float(_RULES["above"] + _RULES["row"] * len(shown_ranks(view)[: RULES["entries"]]) + _RULES["below"])


def draw_ranks(view: View, height: float) -> list[Element]:
    ranks = shown_ranks(view)[: RULES["entries"]]
    left, top = name_margin([view.width(rank.entry) for rank in ranks]), _RULES["above"]
    step = row_height(_RULES["row"], height - top - _RULES["below"], len(ranks))
    box = (left, top, RULES["width"] - left - _RULES["letters"] - 10, step * len(ranks))
    last = max((max(rank.worst, rank.rank) for rank in ranks), default=1)
    x = scale((0.4, last + 0.6), left, left + box[2])
    parts = [written(RULES["width"], top - 11, "end", "letters", fill=SOFT)]
    for i, rank in enumerate(ranks):
        y = top + step * (i + 0.5)
        bar: dict[str, str | float] = {"stroke": ACCENT, "stroke_width": 5, "stroke_opacity": 0.55}
        parts += row_name(box, view.label(rank.entry), y)
        parts += [
            ruled(x(rank.best - 0.2), y, x(rank.worst + 0.2), y, **bar),
            diamond(x(rank.rank), y, 3.9, fill=INK),
            written(RULES["width"], y + 4, "end", rank.letters, font_size=RULES["text"]),
        ]
    label = f"rank among {quantity(len(all_ranks(view)), 'entry')} (1 is best)"
    return [*parts, *axis_below(box, x, _ticks(last), label)]


def _ticks(last: int) -> list[int]:
    """Return every rank, or of many the first and every fifth, tenth or more."""
    step = 1 if last <= _RULES["every"] else 5 if last <= _RULES["fifth"] else 10 * (1 + last // _RULES["tens"])
    return sorted({1, *range(step, last + 1, step)})
