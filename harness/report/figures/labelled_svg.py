"""The SVG element of every figure: its classes, its lines' ends, and its title and description for screen readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from markupsafe import Markup


def labelled_svg(
    name: str, title: str, description: str, view_box: str, parts: Iterable[ElementTree.Element]
) -> Markup:
    """Return the parts of a figure as an element of the page; `name` makes its ids unique there."""
    from markupsafe import Markup

    head = {
        "class": "drawn",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "viewBox": view_box,
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    svg = ElementTree.Element("svg", head)
    for tag, text in (("title", title), ("desc", description)):
        ElementTree.SubElement(svg, tag, {"id": f"{name}-{tag}"}).text = text
    svg.extend(parts)
    return Markup(ElementTree.tostring(svg, encoding="unicode"))
