"""The geometry of the embeddings after training, against the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.figures.captions import entry_limit_note, language_limit_note
from harness.report.figures.geometry_plot import (
    QUANTITIES,
    GeometryPoint,
    draw_geometry,
    geometry_height,
    geometry_points,
)
from harness.report.figures.switched_figure import SwitchedFigure
from harness.report.figures.view import View
from harness.report.numbers import coefficient, hundred
from harness.stats.agreement import spearman

if TYPE_CHECKING:
    from markupsafe import Markup


def _applies(view: View) -> bool:
    points = geometry_points(view, view.scope)
    return len(points) > 1 and any(point.trained for point in points)


def _title(view: View) -> str:
    return f"Uniformity and alignment against {view.state.measure} × 100{view.suffix}"


def _description(view: View) -> str:
    return "; ".join(_point_text(view, point) for point in geometry_points(view, view.scope))


def _point_text(view: View, point: GeometryPoint) -> str:
    uniformity, alignment = map(coefficient, point.quantities)
    return f"{view.label(point.entry)}: uniformity {uniformity}, alignment {alignment}, score {hundred(point.score)}"


def _caption(view: View) -> Markup:
    """Return Spearman's ρ of each quantity with the score, over the entries of each language."""
    from markupsafe import Markup

    parts = []
    for i, quantity in enumerate(QUANTITIES):
        rhos = []
        for language in view.named_languages:
            points = geometry_points(view, language)
            rho = spearman([point.quantities[i] for point in points], [point.score for point in points])
            if rho is not None:
                rhos.append(Markup("{} (<bdi>{}</bdi>)").format(coefficient(rho), view.language_label(language)))
        parts.append(Markup("{} {}").format(quantity, Markup(", ").join(rhos) or "not defined"))
    return Markup("Spearman's ρ with the score over the entries of a language: {}.").format(Markup("; ").join(parts))


def _reading(view: View) -> Markup:
    from markupsafe import Markup

    mean = "seeds and languages" if len(view.languages) > 1 else "seeds"
    text = (
        f"One point per entry, the mean over its {mean}, after training; both are better where lower."
        f"{entry_limit_note(len(view.entries))}{language_limit_note(view.languages)}"
    )
    return Markup('{} <a href="#geometry">The numbers</a>.').format(text)


GEOMETRY = SwitchedFigure(
    "geometry", _applies, _title, _caption, _reading, _description, geometry_height, draw_geometry
)
