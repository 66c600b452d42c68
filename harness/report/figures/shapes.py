"""What the switched figures are drawn of: text, marks and axes, as SVG elements. As in leaderboard_drawing.js.

Positions are rounded as soon as they are computed, so that both who draw decide from equal numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from xml.etree.ElementTree import Element

from harness.report.figures.drawing_rules import RULES
from harness.report.numbers import MINUS

Box = tuple[float, float, float, float]  # left, top, width, height
Domain = tuple[float, float]
Scale = Callable[[float], float]
INK, SOFT, LINE, ACCENT, BACK = "currentColor", "var(--soft)", "var(--line)", "var(--link)", "var(--back)"


def rounded(value: float) -> float:
    return math.floor(100 * value + 0.5) / 100


def number(value: float) -> str:
    """Return a length as an attribute has it.

    >>> number(1.0), number(2.345001), number(-0.001)
    ('1', '2.35', '0')
    """
    return f"{rounded(value):z.2f}".rstrip("0").rstrip(".")


def drawn(name: str, text: str = "", /, **attributes: str | float) -> Element:
    """Return an element; underscores in names of attributes stand for hyphens."""
    values = {key.replace("_", "-"): value for key, value in attributes.items()}
    made = Element(name, {key: value if isinstance(value, str) else number(value) for key, value in values.items()})
    made.text = text or None
    return made


def written(x: float, y: float, anchor: str, text: str, **attributes: str | float) -> Element:
    start: dict[str, str | float] = {"x": x, "y": y, "text_anchor": anchor, "fill": INK, "font_size": RULES["small"]}
    return drawn("text", text, **start | attributes)


def ruled(x1: float, y1: float, x2: float, y2: float, **attributes: str | float) -> Element:
    start: dict[str, str | float] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": SOFT, "stroke_width": 1}
    return drawn("line", **start | attributes)


def diamond(x: float, y: float, radius: float, **attributes: str | float) -> Element:
    points = ((x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius))
    path = "L".join(f"{number(px)} {number(py)}" for px, py in points)
    return drawn("path", d=f"M{path}z", **attributes)


def mark(i: int, x: float, y: float, radius: float, **attributes: str | float) -> Element:
    """Return the mark of the i-th language."""
    transform = f"translate({number(x)} {number(y)}) scale({number(radius)})"
    return drawn("path", d=RULES["marks"][i], transform=transform, **attributes)


def extent(values: Sequence[float], room: float) -> Domain:
    """Return the ends of an axis over values, with room on both sides."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    beside = room * (high - low) or 1.0
    return low - beside, high + beside


def anchored_extent(
    inner: Sequence[float], anchors: Sequence[float], room: float, held: Sequence[float] = ()
) -> Domain:
    """Return the ends of an axis over values: those of anchors do not widen it where they would squeeze the others.

    `held` are values that it holds whatever the others are.

    >>> anchored_extent([1.0, 2.0], [2.4], 0.0), anchored_extent([1.0, 2.0], [2.6], 0.0)
    ((1.0, 2.4), (1.0, 2.0))
    """
    own = [*held, *inner]
    everything = [*own, *anchors]
    width = max(own) - min(own) if inner else 0.0
    squeezed = width > 0 and max(everything) - min(everything) > RULES["squeeze"] * width
    return extent(own if squeezed else everything, room)


def ticks(domain: Domain, most: int) -> list[float]:
    """Return round numbers in a domain, at most about `most` of them."""
    low, high = domain
    rough = (high - low) / most
    power = float(f"1e{math.floor(math.log10(rough))}")
    step = next(size for size in (power, 2 * power, 2.5 * power, 5 * power, 10 * power) if size >= rough)
    first = math.ceil(low / step)
    return [(first + i) * step for i in range(math.floor(high / step) - first + 1)]


def logarithmic_ticks(domain: Domain) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten in a domain."""
    low, high = domain
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [float(f"1e{exponent}") for exponent in range(first, last + 1)]
    return [value for power in powers for value in (power, 2 * power, 5 * power) if low <= value <= high]


def tick_text(value: float) -> str:
    """Return at most six digits of a number.

    >>> tick_text(-2.5), tick_text(100.0), tick_text(0.30000000000000004)
    ('−2.5', '100', '0.3')
    """
    return f"{Decimal(f'{value:z.6g}'):f}".replace("-", MINUS)


def scale(domain: Domain, start: float, end: float, *, logarithmic: bool = False) -> Scale:
    """Return where a value of a domain lies between two positions."""

    def place(value: float) -> float:
        return math.log(value) if logarithmic else value

    low, high = map(place, domain)
    return lambda value: rounded(start + (end - start) * (place(value) - low) / (high - low))


def axis_below(box: Box, x: Scale, values: Sequence[float], label: str) -> list[Element]:
    """Return a horizontal axis below a box, labelled where there is a label."""
    left, top, width, height = box
    y = top + height
    parts = [ruled(left, y, left + width, y)]
    for value in values:
        parts += [ruled(x(value), y, x(value), y + 3.5), written(x(value), y + 15, "middle", tick_text(value))]
    if label:
        parts.append(written(left + width / 2, y + 30, "middle", label, font_size=RULES["text"]))
    return parts


def axis_left(box: Box, y: Scale, values: Sequence[float], label: str) -> list[Element]:
    """Return a vertical axis left of a box, labelled where there is a label."""
    left, top, _, height = box
    x, middle = left - 36, top + height / 2
    parts = [ruled(left, top, left, top + height)]
    for value in values:
        parts += [ruled(left - 3.5, y(value), left, y(value)), written(left - 7, y(value) + 4, "end", tick_text(value))]
    if label:
        turned = f"rotate(-90 {number(x)} {number(middle)})"
        parts.append(written(x, middle, "middle", label, font_size=RULES["text"], transform=turned))
    return parts


def row_name(box: Box, name: str, y: float) -> list[Element]:
    """Return the guide line of a row, and its name where there is one."""
    guide = ruled(box[0], y, box[0] + box[2], y, stroke=LINE, stroke_width=0.6)
    return [guide, written(box[0] - 10, y + 4, "end", name, font_size=RULES["text"])] if name else [guide]


def name_margin(widths: Sequence[float]) -> float:
    """Return the space that names beside an axis need, of their widths in font sizes."""
    return rounded(RULES["text"] * min(max(widths, default=0.0), RULES["name"]) + 14)


def row_height(height: float, room: float, rows: int) -> float:
    """Return the height of each row, which is less where that many have no room."""
    return rounded(min(height, room / max(1, rows)))


LegendItem = tuple[str, float, Callable[[float, float], Element]]  # text, its width in font sizes, its mark at (x, y)


def legend(items: Sequence[LegendItem], left: float) -> tuple[list[Element], float]:
    """Return a legend along the upper edge, wrapped into rows that start at `left`, and its height."""
    rules = RULES["legend"]
    parts: list[Element] = []
    x, row = left, 0
    for i, (text, width, marked) in enumerate(items):
        needed = rules["between"] + RULES["small"] * width
        if i and x + needed - rules["last"] > RULES["width"]:
            x, row = left, row + 1
        y = rules["row"] * (row + 0.5)
        parts += [marked(x + rules["mark"], y), written(x + rules["text"], y + 3.7, "start", text)]
        x += needed
    return parts, rules["row"] * (row + 1) if items else 0


def plain_width(text: str) -> float:
    """Return the width of small Latin letters in font sizes."""
    return float(RULES["letter"]) * len(text)
