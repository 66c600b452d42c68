"""The geometry of the embeddings after training, against the score."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
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
    """Return the figure, None if no trained entry has a measured geometry."""
    languages = board.languages[:MAX_LANGUAGES]
    points = []
    for cell in [(row.entry, language) for row in rows[:MAX_ENTRIES] for language in languages]:
        records = [record for record in board.records_by_pair.get(cell, ()) if record.geometry]
        if records:
            points.append(_geometry_point(records, board.primary))
    if len({point.entry for point in points}) < 2 or not any(point.trained for point in points):
        return None
    title = f"Uniformity and alignment against {label(board.primary)} × 100"
    plot = GeometryPlot(languages, points, f"{label(board.primary)} × 100")
    svg = render_svg("figure-geometry", title, "; ".join(map(_point_text, points)), plot.height, plot)
    return Figure("geometry", title, _caption(languages, points), _reading(board, len(rows)), svg)


def _geometry_point(records: Sequence[Record], measure: str) -> GeometryPoint:
    return GeometryPoint(
        entry=records[0].entry,
        language=records[0].language,
        trained=records[0].trained,
        uniformity=statistics.fmean(record.geometry["after"]["uniformity"] for record in records),
        alignment=statistics.fmean(record.geometry["after"]["alignment"] for record in records),
        score=statistics.fmean(record.measures[measure] for record in records),
    )


def _point_text(point: GeometryPoint) -> str:
    name = f"{label(point.entry)} in {label(point.language, 12)}"
    return (
        f"{name}: uniformity {coefficient(point.uniformity)}, alignment {coefficient(point.alignment)}, "
        f"score {hundred(point.score)}"
    )


def _caption(languages: Sequence[str], points: Sequence[GeometryPoint]) -> Markup:
    """Return Spearman's ρ of each quantity with the score, over the entries of each language."""
    from markupsafe import Markup

    parts = []
    for quantity in QUANTITIES:
        rhos = []
        for language in languages:
            in_language = [point for point in points if point.language == language]
            values = [getattr(point, quantity) for point in in_language]
            rho = spearman(values, [point.score for point in in_language])
            if rho is not None:
                rhos.append(Markup("{} (<bdi>{}</bdi>)").format(coefficient(rho), label(language, 12)))
        parts.append(Markup("{} {}").format(quantity, Markup(", ").join(rhos) or "not defined"))
    return Markup("Spearman's ρ with the score over the entries of a language: {}.").format(Markup("; ").join(parts))


def _reading(board: Leaderboard, count: int) -> Markup:
    from markupsafe import Markup

    text = (
        "A point an entry and language, the mean over its seeds, after training; both are better where lower."
        f"{entry_limit_note(count)}{language_limit_note(board.languages)}"
    )
    return Markup('{} <a href="#geometry">The numbers</a>.').format(text)
