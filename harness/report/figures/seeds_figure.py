"""The score of every seed, one panel per language."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.figures.captions import entry_limit_note, language_limit_note
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.labels import name_list, name_markup
from harness.report.figures.seeds_plot import draw_seeds, seed_scores, seeds_height, seeds_rows
from harness.report.figures.switched_figure import SwitchedFigure
from harness.report.figures.view import View
from harness.report.numbers import hundred

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Repeated:
    """The score of an entry in a language over its seeds, with its standard deviation."""

    entry: str
    language: str
    values: Sequence[float]
    mean: float
    sd: float


def _repeated(view: View, entries: Sequence[int]) -> list[Repeated]:
    pairs = [(entry, language) for entry in entries for language in view.named_languages]
    return [
        Repeated(view.label(entry), view.language_label(language), values, score["mean"], score["seed_sd"])
        for entry, language in pairs
        if (values := seed_scores(view, entry, language)) and (score := view.found(entry, language))
    ]


def _title(view: View) -> str:
    return f"{view.state.measure} of every seed{view.suffix}, × 100"


def _description(view: View) -> str:
    return "; ".join(
        f"{each.entry} in {each.language}: {', '.join(map(hundred, each.values))} (sd {hundred(each.sd)})"
        for each in _repeated(view, seeds_rows(view)[: RULES["entries"]])
    )


def _caption(view: View) -> Markup:
    """Return the spread of a score over seeds, compared with the spread over the entries of a language."""
    from markupsafe import Markup

    repeated = _repeated(view, seeds_rows(view))
    if not repeated:
        return Markup("No entry that is shown has two seeds.")
    widest = max(repeated, key=lambda each: each.sd)
    return Markup(
        "From seed to seed a score moves by a standard deviation of {} in the median, and of {} at most ({} in {}); "
        "the entries' means of a language lie up to {} apart."
    ).format(
        hundred(statistics.median(each.sd for each in repeated)),
        hundred(widest.sd),
        name_markup(widest.entry),
        name_markup(widest.language),
        hundred(_range_of_means(repeated)),
    )


def _range_of_means(repeated: Sequence[Repeated]) -> float:
    """Return the largest range of the entries' means in a language."""
    means_by_language: dict[str, list[float]] = {}
    for each in repeated:
        means_by_language.setdefault(each.language, []).append(each.mean)
    return max(max(means) - min(means) for means in means_by_language.values())


def _reading(view: View) -> Markup:
    from markupsafe import Markup

    rows = seeds_rows(view)
    text = (
        "One dot per seed, lowest on top, all over the same queries; the upright line is their mean. All "
        f"panels have one scale.{entry_limit_note(len(rows))}{language_limit_note(view.languages)}"
    )
    single = [view.label(i) for i in view.entries if i not in rows and not view.data["entries"][i]["failed"]]
    left_out = Markup(" Of one seed, and left out: {}.").format(name_list(single)) if single else ""
    return Markup.escape(text) + left_out


SEEDS = SwitchedFigure(
    "seeds", lambda view: bool(seeds_rows(view)), _title, _caption, _reading, _description, seeds_height, draw_seeds
)
