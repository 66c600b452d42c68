"""The loss over training, one panel per loss and one line per entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import entry_limit_note, language_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.labels import label, name_list
from harness.report.figures.learning_curve import LearningCurve, learning_curve, points_per_curve, recorded_losses
from harness.report.figures.learning_plot import Layer, LearningPlot
from harness.report.figures.palette import MAX_LANGUAGES
from harness.report.figures.svg import render_svg
from harness.report.table_view import Row

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_LINES = 24


def learning_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if no record has a loss at two steps."""
    languages = board.languages[:MAX_LANGUAGES]
    trained = {record.entry for record in board.records if len(recorded_losses(record)) > 1}
    entries = {row.entry: row.name for row in rows if row.entry in trained}
    drawn = dict(list(entries.items())[:MAX_LINES])
    layers = _layers(board, drawn, languages)
    if not layers:
        return None
    title = "Loss over the steps of training"
    places = {row.name: i for i, row in enumerate(rows)}
    plot = LearningPlot(layers, _names_by_loss(board, drawn), places)
    shown = layers[0].curves.values()
    svg = render_svg("figure-learning", title, "; ".join(map(_curve_text, shown)), plot.height, plot)
    of_languages = [layer.curves for layer in layers if not layer.first or len(layers) == 1]
    return Figure("learning", title, _caption(list(layers[0].curves), of_languages), _reading(board, len(entries)), svg)


def _layers(board: Leaderboard, names: Mapping[str, str], languages: Sequence[str]) -> list[Layer]:
    """Return the mean of the languages and each language, or the only language alone."""
    places = [*range(len(languages))] if len(board.languages) > 1 else []
    max_points = points_per_curve(len(names) * (1 + len(places)))
    layers = [Layer(str(len(board.languages)) if places else "", _curves(board, names, "", max_points), first=True)]
    layers += [Layer(str(i), _curves(board, names, languages[i], max_points), first=False) for i in places]
    return layers if layers[0].curves else []


def _curves(board: Leaderboard, names: Mapping[str, str], language: str, max_points: int) -> dict[str, LearningCurve]:
    """Return the curves by the entries' names, in one language, or over all languages where it is ""."""
    curves = {}
    for entry, name in names.items():
        pairs = [(entry, each) for each in board.languages if language in ("", each)]
        records = [record for pair in pairs for record in board.records_by_pair.get(pair, ())]
        if curve := learning_curve(records, max_points):
            curves[name] = replace(curve, entry=name)
    return curves


def _names_by_loss(board: Leaderboard, names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names under the method whose loss they train with, both in the order of the page."""
    methods = {record.entry: record.value("entry", "method") for record in board.records}
    groups: dict[str, list[str]] = {}
    for entry, name in names.items():
        groups.setdefault(str(methods[entry] or "loss"), []).append(name)
    return groups


def _curve_text(curve: LearningCurve) -> str:
    first, last = curve.ends
    return f"{label(curve.entry)}: {first:.3g} to {last:.3g}"


def _caption(entries: Sequence[str], of_languages: Sequence[Mapping[str, LearningCurve]]) -> Markup:
    """Return for how many entries the loss fell in every language."""
    from markupsafe import Markup

    def curves(entry: str) -> Iterator[LearningCurve]:
        return (curves[entry] for curves in of_languages if entry in curves)

    not_fallen = [entry for entry in entries if not all(curve.ends[1] < curve.ends[0] for curve in curves(entry))]
    sentence = Markup(
        "From the first tenth of the steps to the last, the loss fell in every language for {} of {}"
    ).format(len(entries) - len(not_fallen), quantity(len(entries), "entry"))
    return sentence + (Markup("; not for {}.").format(name_list(not_fallen)) if not_fallen else ".")


def _reading(board: Leaderboard, count: int) -> Markup:
    from markupsafe import Markup

    mean = "seeds and languages (of the chosen language where one is chosen)" if len(board.languages) > 1 else "seeds"
    return Markup.escape(
        f"One panel per training objective, one line per entry: the mean over {mean}, smoothed by a centred moving "
        "average over a tenth of the steps, at least three points; faint, the mean itself. Losses of different panels "
        "are of different kinds, and every panel has a scale of its own. The measure makes no difference here."
        f"{entry_limit_note(count, MAX_LINES)}{language_limit_note(board.languages)}"
    )
