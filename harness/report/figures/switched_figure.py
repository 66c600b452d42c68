"""A figure that follows the switches: Python draws that of the page as it opens, the page's script all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.figure import Figure
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
        head = {
            "class": "drawn",
            "role": "img",
            "aria-labelledby": f"figure-{self.id}-title figure-{self.id}-desc",
            "viewBox": f"0 0 {number(RULES['width'])} {number(height)}",
            "stroke-linejoin": "round",
            "stroke-linecap": "butt",
        }
        svg = ElementTree.Element("svg", head)
        for tag, text in (("title", self.title(view)), ("desc", self.description(view))):
            ElementTree.SubElement(svg, tag, {"id": f"figure-{self.id}-{tag}"}).text = text
        svg.extend(self.draw(view, height))
        return Figure(self.id, self.title(view), self.caption(view), self.reading(view), _markup(svg))


def _markup(svg: ElementTree.Element) -> Markup:
    from markupsafe import Markup

    return Markup(ElementTree.tostring(svg, encoding="unicode"))
