"""The loss over training, one panel per entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import entry_limit_note, language_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.labels import label, name_list
from harness.report.figures.learning_curve import LearningCurve, learning_curve, points_per_curve, recorded_losses
from harness.report.figures.learning_plot import LearningPlot
from harness.report.figures.palette import MAX_LANGUAGES
from harness.report.figures.svg import render_svg
from harness.report.table_view import Row

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_PANELS = 24


def learning_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if no record has a loss at two steps."""
    languages = board.languages[:MAX_LANGUAGES]
    cells = [(row.entry, language) for row in rows for language in languages]
    records = board.records_by_pair
    trained = [cell for cell in cells if any(len(recorded_losses(record)) > 1 for record in records.get(cell, ()))]
    entries = list(dict.fromkeys(entry for entry, _ in trained))
    shown = [cell for cell in trained if cell[0] in entries[:MAX_PANELS]]
    max_points = points_per_curve(len(shown))
    curves_by_entry: dict[str, list[LearningCurve]] = {}
    for cell in shown:
        if curve := learning_curve(board.records_by_pair[cell], max_points):
            curves_by_entry.setdefault(curve.entry, []).append(curve)
    if not curves_by_entry:
        return None
    title = "Loss over the steps of training"
    plot = LearningPlot(languages, curves_by_entry)
    description = "; ".join(_curve_text(curve) for curves in curves_by_entry.values() for curve in curves)
    svg = render_svg("figure-learning", title, description, plot.height, plot)
    return Figure("learning", title, _caption(curves_by_entry), _reading(board, curves_by_entry, len(entries)), svg)


def _curve_text(curve: LearningCurve) -> str:
    first, last = curve.ends
    return f"{label(curve.entry)} in {label(curve.language, 12)}: {first:.3g} to {last:.3g}"


def _caption(curves_by_entry: Mapping[str, Sequence[LearningCurve]]) -> Markup:
    """Return for how many entries the loss fell in every language."""
    from markupsafe import Markup

    not_fallen = [
        entry for entry, curves in curves_by_entry.items() if not all(curve.ends[1] < curve.ends[0] for curve in curves)
    ]
    fallen = len(curves_by_entry) - len(not_fallen)
    sentence = Markup(
        "From the first tenth of the steps to the last, the loss fell in every language for {} of {}"
    ).format(fallen, quantity(len(curves_by_entry), "entry"))
    return sentence + (Markup("; not for {}.").format(name_list(not_fallen)) if not_fallen else ".")


def _reading(board: Leaderboard, curves_by_entry: Mapping[str, Sequence[LearningCurve]], count: int) -> Markup:
    from markupsafe import Markup

    all_curves = [curve for curves in curves_by_entry.values() for curve in curves]
    text = "A line a language, the mean over seeds"
    if any(curve.seeds > 1 for curve in all_curves):
        text += ", with the range of the seeds"
    text += (
        "; steps go to the right. Every panel has scales of its own: losses are of different kinds, and not to be "
        "compared between entries."
    )
    width = max(curve.steps_per_point for curve in all_curves)
    if width > 1:
        text += f" Long lines are thinned: each of their points is the mean of up to {width} consecutive steps."
    return Markup.escape(text + entry_limit_note(count, MAX_PANELS) + language_limit_note(board.languages))
