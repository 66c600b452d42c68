"""The geometry of the embeddings after training, against the score."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import MAX_ENTRIES, entry_limit_note, language_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.geometry_plot import QUANTITIES, GeometryPlot, GeometryPoint
from harness.report.figures.labels import label
from harness.report.figures.palette import MAX_LANGUAGES
from harness.report.figures.svg import render_svg
from harness.report.numbers import coefficient, hundred
from harness.report.table_view import Row
from harness.results.record import Record
from harness.stats.agreement import spearman

if TYPE_CHECKING:
    from markupsafe import Markup


def geometry_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if fewer than two entries have a geometry in every language, or none is trained."""
    points = [
        replace(point, entry=row.name)
        for row in rows[:MAX_ENTRIES]
        if (point := geometry_point(board, row.entry, board.languages))
    ]
    if len(points) < 2 or not any(point.trained for point in points):
        return None
    title = f"Uniformity and alignment against {label(board.primary)} × 100"
    plot = GeometryPlot(points, f"{label(board.primary)} × 100")
    svg = render_svg("figure-geometry", title, "; ".join(map(_point_text, points)), plot.height, plot)
    return Figure("geometry", title, _caption(board, rows[:MAX_ENTRIES]), _reading(board, len(rows)), svg)


def geometry_point(board: Leaderboard, entry: str, languages: Sequence[str]) -> GeometryPoint | None:
    """Return the mean of an entry over its seeds in each language and over the languages, None where one is missing."""
    cells = [[r for r in board.records_by_pair.get((entry, each), ()) if r.geometry] for each in languages]
    if not all(cells):
        return None

    def mean(value: Callable[[Record], float]) -> float:
        return statistics.fmean(statistics.fmean(map(value, records)) for records in cells)

    return GeometryPoint(
        entry=entry,
        trained=cells[0][0].trained,
        uniformity=mean(lambda record: record.geometry["after"]["uniformity"]),
        alignment=mean(lambda record: record.geometry["after"]["alignment"]),
        score=mean(lambda record: record.measures[board.primary]),
    )


def _point_text(point: GeometryPoint) -> str:
    quantities = f"uniformity {coefficient(point.uniformity)}, alignment {coefficient(point.alignment)}"
    return f"{label(point.entry)}: {quantities}, score {hundred(point.score)}"


def _caption(board: Leaderboard, rows: Sequence[Row]) -> Markup:
    """Return Spearman's ρ of each quantity with the score, over the entries of each language."""
    from markupsafe import Markup

    languages = board.languages[:MAX_LANGUAGES]
    parts = []
    for quantity in QUANTITIES:
        rhos = []
        for language in languages:
            points = [point for row in rows if (point := geometry_point(board, row.entry, [language]))]
            rho = spearman([getattr(point, quantity) for point in points], [point.score for point in points])
            if rho is not None:
                rhos.append(Markup("{} (<bdi>{}</bdi>)").format(coefficient(rho), label(language, 12)))
        parts.append(Markup("{} {}").format(quantity, Markup(", ").join(rhos) or "not defined"))
    return Markup("Spearman's ρ with the score over the entries of a language: {}.").format(Markup("; ").join(parts))


def _reading(board: Leaderboard, count: int) -> Markup:
    from markupsafe import Markup

    mean = "seeds, and languages where none is chosen" if len(board.languages) > 1 else "seeds"
    text = (
        f"One point per entry, the mean over its {mean}, after training; both are better where lower."
        f"{entry_limit_note(count)}{language_limit_note(board.languages)}"
    )
    return Markup('{} <a href="#geometry">The numbers</a>.').format(text)
