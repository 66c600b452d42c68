"""The loss over training, one panel per loss and one line per entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import entry_limit_note, language_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.labels import name_list, name_markup
from harness.report.figures.learning_curve import LearningCurve, learning_curve, points_per_curve, recorded_losses
from harness.report.figures.learning_plot import Layer, LearningPlot
from harness.report.figures.palette import MAX_LANGUAGES
from harness.report.figures.svg import render_svg
from harness.report.figures.view import View
from harness.report.table_view import Row

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_LINES = 24
LossEnds = tuple[str, bool]  # the loss of the first and of the last tenth of the steps, and whether it fell


def learning_figure(board: Leaderboard, rows: Sequence[Row], view: View) -> Figure | None:
    """Return the figure, None if no record has a loss at two steps."""
    names = _trained(board, rows)
    drawn = dict(list(names.items())[:MAX_LINES])
    layers = _layers(board, drawn, board.languages[:MAX_LANGUAGES])
    if not layers:
        return None
    title = "Loss over the steps of training"
    places = {row.name: i for i, row in enumerate(rows)}
    plot = LearningPlot(layers, _names_by_loss(board, drawn), places)
    svg = render_svg("figure-learning", title, learning_description(view), plot.height, plot)
    return Figure("learning", title, learning_caption(view), _reading(board, len(names)), svg)


def loss_ends(board: Leaderboard, rows: Sequence[Row]) -> list[list[LossEnds | None] | None]:
    """Return what the script says of the curves of each entry, in each language and on average; None without any."""
    drawn = dict(list(_trained(board, rows).items())[:MAX_LINES])
    layers = _layers(board, drawn, board.languages[:MAX_LANGUAGES])
    average = len(board.languages)
    curves = {int(layer.language or average): layer.curves for layer in layers}
    return [
        [_ends(curves.get(place, {}).get(row.name)) for place in range(average + 1)]
        if any(row.name in each for each in curves.values())
        else None
        for row in rows
    ]


def _ends(curve: LearningCurve | None) -> LossEnds | None:
    if curve is None:
        return None
    first, last = curve.ends
    return f"{first:.3g} to {last:.3g}", last < first


def _trained(board: Leaderboard, rows: Sequence[Row]) -> dict[str, str]:
    """Return the entries that have losses, with their names."""
    trained = {record.entry for record in board.records if len(recorded_losses(record)) > 1}
    return {row.entry: row.name for row in rows if row.entry in trained}


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


def learning_description(view: View) -> str:
    """Return the mean loss of the first and of the last tenth of each curve that is shown."""
    place = _shown_place(view)
    return "; ".join(f"{view.label(entry)}: {ends[place][0]}" for entry, ends in _shown(view))


def learning_caption(view: View) -> Markup:
    """Return for how many entries the loss fell in every language that is shown."""
    from markupsafe import Markup

    shown = _shown(view)
    place, last = _shown_place(view), len(view.data["languages"]) - 1
    places = range(last) if place == last else [place]
    not_fallen = [view.label(entry) for entry, ends in shown if not _fell(ends, places)]
    sentence = Markup("From the first tenth of the steps to the last, the loss fell in {} for {} of {}").format(
        name_markup(view.data["language_names"][place][0]) if place < last else "every language",
        len(shown) - len(not_fallen),
        quantity(len(shown), "entry"),
    )
    return sentence + (Markup("; not for {}.").format(name_list(not_fallen)) if not_fallen else ".")


def _fell(ends: Sequence[LossEnds | None], places: Sequence[int]) -> bool:
    """Return whether the loss fell in each of some languages, on average where no language has a curve of its own."""
    curves = [each for place in places if (each := ends[place])] or [each for each in ends if each]
    return all(fell for _, fell in curves)


def _shown(view: View) -> list[tuple[int, Any]]:
    """Return the entries with a curve in the panels that are shown, and the ends of all of their curves."""
    place = _shown_place(view)
    entries = ((entry, view.data["losses"][entry]) for entry in view.entries)
    return [(entry, ends) for entry, ends in entries if ends and ends[place]]


def _shown_place(view: View) -> int:
    """Return the place of the chosen language where it has panels, else that of the average."""
    place: int = view.data["languages"].index(view.scope)
    drawn = any(ends and ends[place] for ends in view.data["losses"])
    return place if drawn else len(view.data["languages"]) - 1


def _reading(board: Leaderboard, count: int) -> Markup:
    from markupsafe import Markup

    mean = "seeds and languages (of the chosen language where one is chosen)" if len(board.languages) > 1 else "seeds"
    return Markup.escape(
        f"One panel per training objective, one line per entry: the mean over {mean}, smoothed by a centred moving "
        "average over a tenth of the steps, at least three points; faint, the mean itself. Losses of different panels "
        "are of different kinds, and every panel has a scale of its own. The measure makes no difference here."
        f"{entry_limit_note(count, MAX_LINES)}{language_limit_note(board.languages)}"
    )
