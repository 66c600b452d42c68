"""The frame of a picture: an SVG element made by matplotlib, fit to stand in a page.

Text is text, in the page's font; the inks are the page's own, which differ in the dark, and every hue is read on
both grounds. Ids are unique on a page by the picture's name. Numbers have two decimals; equal calls give equal bytes.
Lengths are in points, 576 of which are the width of a picture; they are counted from its upper left corner.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from harness.errors import one_line
from harness.report.figures.labels import LONGEST, label, reach

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH = 576.0
TEXT, SMALL = 11.5, 10.5  # sizes of text
INK, SOFT, LINE, ACCENT, BACK = "#123451", "#123452", "#123453", "#123454", "#123455"  # stand for the page's colours
_PAGE = {
    INK: "currentColor",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    ACCENT: "var(--link)",
    BACK: "var(--back)",
}
HUES = ("#2f7fc1", "#c8641b", "#2e8f62", "#9b5fc4", "#cc4661", "#7d7a1e")  # 3:1 or more on both grounds
MARKERS = "osD^vP"
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 3)), (0, (9, 2)))
NAMED = len(HUES)  # that many languages have a hue, a marker and a dash of their own
_KEY = 18.0  # height of a row of a key
_TIP = "tip: "
_NAMESPACE = re.compile(r"\{[^}]*\}")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


@dataclass(frozen=True)
class Figure:
    """One picture of the page: `caption` says what it shows, `reading` how it is read."""

    id: str
    title: str
    caption: Markup
    reading: Markup
    svg: Markup


def drawn(name: str, said: tuple[str, str], height: float, plot: Callable[[Any], None]) -> Markup:
    """Return what `plot` draws into a matplotlib figure as an SVG element.

    `said` is its title and its finding in words, for who does not see it.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the page has fonts of its own
        matplotlib.rcdefaults()  # whatever the user's own file says
        matplotlib.rcParams.update(_style())
        canvas = Canvas(figsize=(WIDTH / 72, height / 72), dpi=72)
        FigureCanvasSVG(canvas)
        plot(canvas)
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return embedded(buffer.getvalue(), name, said)


def panel(canvas: Any, box: tuple[float, float, float, float]) -> Any:
    """Return axes that fill (left, top, width, height)."""
    left, top, width, height = box
    full = canvas.get_size_inches()[1] * 72
    return canvas.add_axes((left / WIDTH, 1 - (top + height) / full, width / WIDTH, height / full))


def rows(axes: Any, names: Sequence[str], *, labelled: bool = True) -> None:
    """Make the vertical axis one of rows counted from 0 at the top, each with a line to follow and its name."""
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.hlines(range(len(names)), 0, 1, colors=LINE, linewidth=0.6, transform=axes.get_yaxis_transform(), zorder=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if labelled:
        for place, name in enumerate(names):
            write(axes, (-0.02, place), label(name), ha="right")


def write(axes: Any, at: tuple[float, float], text: str, **fields: Any) -> None:
    """Write a text at (share of the axes' width, row)."""
    fields = {"va": "center_baseline", "clip_on": False, **fields}
    axes.text(*at, text, transform=axes.get_yaxis_transform(), **fields)


def margin(names: Sequence[str], size: float = TEXT) -> float:
    """Return the width to leave for names beside an axis."""
    return min(max(reach(label(name), size) for name in names), reach("n" * (LONGEST - 4), size)) + 14


@dataclass(frozen=True)
class Key:
    """What markers and lines stand for, (text, look) each, in as many rows as they need, from `left` on."""

    items: Sequence[tuple[str, Mapping[str, Any]]]
    left: float

    @property
    def height(self) -> float:
        return _KEY * (1 + max((down for _, down in self._places()), default=-1))

    def draw(self, canvas: Any, top: float) -> None:
        from matplotlib.lines import Line2D

        full = canvas.get_size_inches()[1] * 72
        for (text, look), (across, down) in zip(self.items, self._places(), strict=True):
            height = 1 - (top + _KEY * (down + 0.5)) / full
            ends = [across / WIDTH, (across + 18) / WIDTH]
            place = ends if look.get("linestyle", "none") != "none" else [sum(ends) / 2]
            canvas.add_artist(Line2D(place, [height] * len(place), **look))
            canvas.text((across + 24) / WIDTH, height, text, fontsize=SMALL, va="center_baseline")

    def _places(self) -> list[tuple[float, int]]:
        """Return where each item begins, and in which row."""
        found: list[tuple[float, int]] = []
        across, down = self.left, 0
        for text, _ in self.items:
            width = 40 + reach(text, SMALL)
            if found and across + width - 16 > WIDTH:
                across, down = self.left, down + 1
            found.append((across, down))
            across += width
        return found


def tip(text: str) -> str:
    """Return the `gid` of a matplotlib artist that tells `text` where a pointer rests on it."""
    return f"{_TIP}{text}"


def _style() -> dict[Any, Any]:
    inks = ("text.color", "axes.labelcolor", "legend.labelcolor")
    soft = ("axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(inks, INK),
        **dict.fromkeys(soft, SOFT),
        **dict.fromkeys(("xtick.labelcolor", "ytick.labelcolor"), INK),
        **dict.fromkeys(("font.size", "axes.labelsize", "axes.titlesize"), TEXT),
        **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), SMALL),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.unicode_minus": False,  # a minus as in the tables
        "path.simplify": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "harness",  # else ids are drawn at random
        "text.parse_math": False,  # a dollar in a name is a dollar
    }


def embedded(text: str, name: str, said: tuple[str, str]) -> Markup:
    """Return an SVG file of matplotlib as an element of a page: described, in the page's inks, with ids of its own."""
    from markupsafe import Markup

    root = ElementTree.fromstring(text)
    for element in root.iter():
        element.tag = _NAMESPACE.sub("", element.tag)
        element.attrib = {_NAMESPACE.sub("", key): value for key, value in element.attrib.items()}
        if element.tag != "text":
            element.text = None
        element.tail = None
    used = set(re.findall(r'href="#([^"]+)"', text))
    body = [part for child in root for part in _kept(child, name, used)]
    head = {
        "class": "drawn",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "viewBox": root.attrib["viewBox"],
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    whole = ElementTree.Element("svg", head)
    for tag, words in zip(("title", "desc"), said, strict=True):
        ElementTree.SubElement(whole, tag, {"id": f"{name}-{tag}"}).text = words
    whole.extend(body)
    return Markup(ElementTree.tostring(whole, encoding="unicode"))


def _kept(element: ElementTree.Element, name: str, used: set[str]) -> Iterator[ElementTree.Element]:
    """Yield what stays of an element: itself, its parts where it only groups them, or nothing."""
    look = _look(element.attrib.get("style", ""))
    unseen = element.tag == "path" and look.get("fill") == "none" and "stroke" not in look
    if element.tag in ("metadata", "style", "clipPath") or unseen:
        return
    parts = [part for child in element for part in _kept(child, name, used)]
    attributes = _attributes(element, look, name, used)
    if (tip := element.attrib.get("id", "")).startswith(_TIP):
        parts.insert(0, ElementTree.Element("title"))
        parts[0].text = tip.removeprefix(_TIP)
        yield _with(element, {}, parts)
        return
    if element.tag in ("g", "defs") and (not parts or (element.tag == "g" and not attributes)):
        yield from parts
        return
    yield _with(element, attributes, parts)


def _with(
    element: ElementTree.Element, attributes: dict[str, str], parts: Sequence[ElementTree.Element]
) -> ElementTree.Element:
    element[:] = parts
    element.attrib = attributes
    return element


def _attributes(element: ElementTree.Element, look: Mapping[str, str], name: str, used: set[str]) -> dict[str, str]:
    found = {}
    for key, value in element.attrib.items():
        if key == "id":
            if value in used:
                found[key] = f"{name}-{value}"
        elif key == "href":
            found[key] = f"#{name}-{value[1:]}"
        elif key == "style":
            found[key] = ";".join(f"{what}:{how}" for what, how in look.items())
        elif key != "clip-path" and not value.startswith("rotate(-0 "):
            found[key] = _NUMBER.sub(_rounded, one_line(value))
    return {key: value for key, value in found.items() if value}


def _look(style: str) -> dict[str, str]:
    """Return a style with the page's inks and without the font, which is the page's."""
    pairs = [part.partition(":") for part in style.split("; ") if part]
    said = {what.strip(): how.strip() for what, _, how in pairs}
    return {what: _PAGE.get(how, how) for what, how in said.items() if what != "font-family"}


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):z.2f}".rstrip("0").rstrip(".")
