"""An SVG file of matplotlib, reduced to an element of the page.

Metadata, style sheets, clip paths, fonts and empty groups are removed; placeholder colours become the CSS colours of
the page, ids get the figure's name as a prefix, numbers are rounded to two decimals, and marks become attributes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from harness.report.figures.axes import MARK
from harness.report.figures.labelled_svg import labelled_svg
from harness.report.figures.palette import CSS_COLOURS

if TYPE_CHECKING:
    from markupsafe import Markup

_NAMESPACE = re.compile(r"\{[^}]*\}")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def page_element(svg: str, name: str, title: str, description: str) -> Markup:
    """Return an SVG file as an element of the page, labelled by `title` and `description`."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
        element.attrib = {_NAMESPACE.sub("", key): value for key, value in element.attrib.items()}
        if element.tag != "text":
            element.text = None
        element.tail = None
    used_ids = set(re.findall(r'href="#([^"]+)"', svg))
    body = [part for child in root for part in _reduce(child, name, used_ids)]
    return labelled_svg(name, title, description, root.attrib["viewBox"], body)


def _reduce(element: ElementTree.Element, name: str, used_ids: set[str]) -> Iterator[ElementTree.Element]:
    """Yield what remains of an element: itself, or its children where it only groups them, or nothing."""
    style = _page_style(element.attrib.get("style", ""))
    invisible = element.tag == "path" and style.get("fill") == "none" and "stroke" not in style
    if element.tag in ("metadata", "style", "clipPath") or invisible:
        return
    parts = [part for child in element for part in _reduce(child, name, used_ids)]
    attributes = _attributes(element, style, name, used_ids)
    if (gid := element.attrib.get("id", "")).startswith(MARK):
        yield _replace(element, json.loads(gid.removeprefix(MARK)), parts)
        return
    if element.tag in ("g", "defs") and (not parts or (element.tag == "g" and not attributes)):
        yield from parts
        return
    yield _replace(element, attributes, parts)


def _replace(
    element: ElementTree.Element, attributes: dict[str, str], parts: Sequence[ElementTree.Element]
) -> ElementTree.Element:
    element[:] = parts
    element.attrib = attributes
    return element


def _attributes(
    element: ElementTree.Element, style: Mapping[str, str], name: str, used_ids: set[str]
) -> dict[str, str]:
    attributes = {}
    for key, value in element.attrib.items():
        if key == "id":
            if value in used_ids:
                attributes[key] = f"{name}-{value}"
        elif key == "href":
            attributes[key] = f"#{name}-{value[1:]}"
        elif key == "style":
            attributes[key] = ";".join(f"{field}:{setting}" for field, setting in style.items())
        elif key != "clip-path" and not value.startswith("rotate(-0 "):
            attributes[key] = _NUMBER.sub(_round, " ".join(value.split()))
    return {key: value for key, value in attributes.items() if value}


def _page_style(style: str) -> dict[str, str]:
    """Return a style attribute as a mapping, with the colours of the page and without a font."""
    pairs = [part.partition(":") for part in style.split("; ") if part]
    settings = {field.strip(): value.strip() for field, _, value in pairs}
    return {field: CSS_COLOURS.get(value, value) for field, value in settings.items() if field != "font-family"}


def _round(number: re.Match[str]) -> str:
    return f"{float(number[0]):z.2f}".rstrip("0").rstrip(".")
