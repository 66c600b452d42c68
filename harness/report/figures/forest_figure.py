"""Differences to the baseline with their intervals, one row per entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.report.figures.captions import BEYOND_AXIS, entry_limit_note
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.forest_plot import draw_forest, forest_domain, forest_height, is_beyond
from harness.report.figures.forest_rows import (
    difference,
    difference_text,
    forest_rows,
    is_baseline,
    is_compared,
    is_multilingual,
    language_differences,
    shown_direction,
)
from harness.report.figures.labels import name_list, name_markup
from harness.report.figures.switched_figure import SwitchedFigure
from harness.report.figures.view import Found, View
from harness.report.numbers import ALPHA_TEXT, hundred
from harness.report.table_view import ONE_SEED
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from markupsafe import Markup


def _applies(view: View) -> bool:
    return any(is_compared(view, entry) for entry in view.entries)


def _title(view: View) -> str:
    return f"Difference to {view.baseline_labels[0]} in {view.state.measure}{view.suffix}, × 100"


def _description(view: View) -> str:
    return "; ".join(_row_text(view, entry) for entry in forest_rows(view)[: RULES["entries"]])


def _row_text(view: View, entry: int) -> str:
    score = difference(view, entry)
    if score:
        return f"{view.label(entry)}: {difference_text(score)}"
    return f"{view.label(entry)}: {'baseline' if is_baseline(view, entry) else 'no average'}"


def _reading(view: View) -> Markup:
    from markupsafe import Markup

    multilingual = is_multilingual(view)
    main = "the average of the languages" if multilingual else view.language_label(view.languages[0])
    small = ", the small ones the languages" if multilingual else ""
    rows = forest_rows(view)
    one_seed = ""
    if any(score["note"] == ONE_SEED for entry in rows for score in _differences(view, entry)):
        one_seed = " Dashed, with *: one seed of a trained entry, so that the bar is without the spread over seeds."
    domain = forest_domain(view, rows[: RULES["entries"]])
    arrows = any(is_beyond(score, domain) for entry in rows if (score := difference(view, entry)))
    beyond = BEYOND_AXIS if arrows else ""
    return Markup.escape(
        f"One row per entry, in the order of the table; the diamond is {main}{small}, the bar its 95 % interval "
        f"over queries and seeds. Filled: shown, p ≤ {ALPHA_TEXT} after Holm's correction over all pairs of entries. "
        f"The band is ± {hundred(MARGIN)}, the margin of equivalence.{one_seed}{beyond}"
        f"{entry_limit_note(len(rows), noun='row')}"
    )


def _differences(view: View, entry: int) -> list[Found]:
    score = difference(view, entry)
    return [*([score] if score else []), *(each for _, each in language_differences(view, entry))]


def _caption(view: View) -> Markup:
    """Return in one sentence how many entries differ from the baseline in each direction, and the best entry."""
    from markupsafe import Markup

    scores = {view.label(entry): score for entry in forest_rows(view) if (score := difference(view, entry))}
    if not scores:
        return Markup("No entry that is shown is compared with {}{}.").format(
            name_markup(view.baseline_labels[0]), " in every language" if is_multilingual(view) else ""
        )
    higher = [entry for entry, score in scores.items() if shown_direction(score) == "better"]
    lower = [entry for entry, score in scores.items() if shown_direction(score) == "worse"]
    one_seed = [entry for entry, score in scores.items() if score["note"] == ONE_SEED]
    undecided = [entry for entry in scores if entry not in (*higher, *lower, *one_seed)]
    best_entry, best_score = max(scores.items(), key=lambda pair: pair[1]["delta"])
    total = quantity(len(scores), "entry")
    count = f"All {total}" if len(higher) == len(scores) > 1 else f"{len(higher)} of {total}"
    baseline = name_markup(view.baseline_labels[0])
    parts = [Markup("{} scored higher than {} (p ≤ {})").format(count, baseline, ALPHA_TEXT)]
    lower_names = Markup(" ({})").format(name_list(lower)) if lower else ""
    parts.append(Markup("{} lower{}").format(len(lower) or "none", lower_names))
    if undecided:
        parts.append(Markup("{} not shown to differ ({})").format(len(undecided), name_list(undecided)))
    if one_seed:
        parts.append(Markup("{} with an unknown spread over seeds ({})").format(len(one_seed), name_list(one_seed)))
    sentence = Markup("{}; the highest is {}, {}.")
    return sentence.format(Markup(", ").join(parts), name_markup(best_entry), difference_text(best_score))


FOREST = SwitchedFigure("forest", _applies, _title, _caption, _reading, _description, forest_height, draw_forest)
