"""The rows of the forest plot: the difference of each entry to the baseline, and of each language."""

from __future__ import annotations

from harness.report.figures.view import Found, View
from harness.report.numbers import signed, signed_interval
from harness.report.table_view import ONE_SEED
from harness.stats.rules import direction


def shown_direction(score: Found) -> str:
    """Return the direction of a difference, "" where none is shown."""
    return "" if score["p"] is None or score["delta"] is None else direction(score["p"], score["delta"])


def difference_text(score: Found) -> str:
    """Return a difference with its interval; `*` without the spread over seeds."""
    delta = signed(score["delta"])
    if score["delta_low"] is None or score["delta_high"] is None:
        return delta
    star = "*" if score["note"] == ONE_SEED else ""
    return f"{delta} {signed_interval(score['delta_low'], score['delta_high'])}{star}"


def is_multilingual(view: View) -> bool:
    """Return whether each row shows languages besides their average."""
    return len(view.languages) > 1


def difference(view: View, entry: int) -> Found | None:
    """Return the main difference of a row, None where there is none."""
    score = view.found(entry, view.scope)
    return score if score and score["delta"] is not None else None


def language_differences(view: View, entry: int) -> list[tuple[int, Found]]:
    """Return the difference of each language, with its place, where a row shows them."""
    scores = ((i, view.found(entry, language)) for i, language in enumerate(view.languages))
    return [(i, score) for i, score in scores if score and score["delta"] is not None] if is_multilingual(view) else []


def is_baseline(view: View, entry: int) -> bool:
    return view.baseline_of(entry) == entry and not view.data["entries"][entry]["failed"]


def is_compared(view: View, entry: int) -> bool:
    return bool(difference(view, entry) or language_differences(view, entry))


def forest_rows(view: View) -> list[int]:
    """Return the entries that are compared, and what they are compared with."""
    return [entry for entry in view.entries if is_compared(view, entry) or is_baseline(view, entry)]
