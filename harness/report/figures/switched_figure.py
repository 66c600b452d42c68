"""A figure that follows the switches: Python draws that of the page as it opens, the page's script all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.figure import Figure
from harness.report.figures.labelled_svg import labelled_svg
from harness.report.figures.shapes import number
from harness.report.figures.view import View

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class SwitchedFigure:
    """What makes a figure of a view; the script has a function of the same name for each, except `applies`."""

    id: str
    applies: Callable[[View], bool]  # whether the page has the figure
    title: Callable[[View], str]
    caption: Callable[[View], Markup]
    reading: Callable[[View], Markup]
    description: Callable[[View], str]
    height: Callable[[View], float]
    draw: Callable[[View, float], list[ElementTree.Element]]

    def of(self, view: View, height: float | None = None) -> Figure:
        """Return the figure of a view, in the height of another one where that is given."""
        height = self.height(view) if height is None else height
        title = self.title(view)
        svg = drawing(f"figure-{self.id}", title, self.description(view), height, self.draw(view, height))
        return Figure(self.id, title, self.caption(view), self.reading(view), svg)


def drawing(name: str, title: str, description: str, height: float, parts: Iterable[ElementTree.Element]) -> Markup:
    """Return an SVG element in the width of the page's figures; `name` makes its ids unique on the page."""
    view_box = f"0 0 {number(RULES['width'])} {number(height)}"
    return labelled_svg(name, title, description, view_box, parts)
