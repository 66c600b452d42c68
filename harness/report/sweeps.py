"""Sweeps: how the primary measure moves with each setting that was given several values.

One curve for each declared entry and swept setting, with a line for each combination of the other swept settings. The
numbers are those of the leaderboard's rows. Figures are SVG with text as text; equal numbers give equal bytes.
"""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.collate import Leaderboard
from harness.report.view import Box, Row, Score

CSV = "sweeps.csv"
COLUMNS = ("origin", "setting", "value", "others")  # before those of leaderboard.csv
LOG_FROM = 10  # a numeric setting whose largest value is more than so many times its smallest has a logarithmic axis
_INK = "#123456"  # stands for the page's text colour, which differs in the dark


@dataclass(frozen=True)
class Point:
    """One value with the leaderboard's row of its entry."""

    value: Any
    row: Row

    @property
    def text(self) -> str:
        return text(self.value)

    @property
    def boxes(self) -> tuple[Box, ...]:
        return self.row.boxes

    @property
    def average(self) -> Score | None:
        return self.row.average


@dataclass(frozen=True)
class Line:
    """The values of one setting, in order, while the other swept settings stay."""

    others: str  # `moe.experts=2`, or nothing
    points: tuple[Point, ...]
    place: tuple[tuple[int, float, str], ...]  # what orders lines: that of the other settings' values


@dataclass(frozen=True)
class Curve:
    """One declared entry and one of its swept settings."""

    origin: str
    target: str
    lines: tuple[Line, ...]
    languages: tuple[str, ...]
    measure: str
    figure: str = field(default="", repr=False)  # SVG


def text(value: Any) -> str:
    """Return a value as it is typed after --set."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def of_board(board: Leaderboard, rows: Sequence[Row]) -> list[Curve]:
    """Return the curves of a leaderboard, with their figures; `rows` are those of the primary measure."""
    by_name = {row.entry: row for row in rows}
    groups: dict[tuple[str, str], dict[str, Line]] = {}
    for name, (origin, values) in sorted(_swept(board).items()):
        for target, value in values.items():
            rest = {other: at for other, at in values.items() if other != target}
            others = ",".join(f"{other}={text(at)}" for other, at in rest.items())
            lines = groups.setdefault((origin, target), {})
            line = lines.get(others) or Line(others, (), tuple(map(_place, rest.values())))
            points = sorted((*line.points, Point(value, by_name[name])), key=lambda point: _place(point.value))
            lines[others] = replace(line, points=tuple(points))
    curves: list[Curve] = []
    for (origin, target), lines in groups.items():
        if max(len(line.points) for line in lines.values()) > 1:
            ordered = tuple(sorted(lines.values(), key=lambda line: line.place))
            curve = Curve(origin, target, ordered, board.languages, board.primary)
            curves.append(replace(curve, figure=draw(curve, len(curves) + 1)))
    return curves


def _swept(board: Leaderboard) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return entry → the declared entry it comes from, and its swept values, as the records say."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for record in (*board.records, *board.failures):
        entry = record.provenance.get("entry")
        if isinstance(entry, Mapping) and isinstance(entry.get("swept"), Mapping) and entry["swept"]:
            found.setdefault(record.entry, (str(entry.get("origin", "")), entry["swept"]))
    return found


def _place(value: Any) -> tuple[int, float, str]:
    """Return what orders values: numbers by size, then everything else by its text."""
    return (0, float(value), "") if _is_number(value) else (1, 0.0, text(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def csv(board: Leaderboard, curves: Iterable[Curve]) -> str:
    """Return every measure of every swept entry as CSV, numbers unrounded, a line for each of its settings."""
    import pandas

    tables = []
    for curve in curves:
        for line in curve.lines:
            for point in line.points:
                own = board.rows[board.rows["entry"] == point.row.entry].drop(columns=["p_adjusted", "verdict"])
                for place, value in enumerate((curve.origin, curve.target, point.text, line.others)):
                    own.insert(place, COLUMNS[place], value)
                tables.append(own)
    return str(pandas.concat(tables).to_csv(index=False, lineterminator="\n"))


def draw(curve: Curve, number: int) -> str:
    """Return a curve as an SVG element, its ids unique on the page by `number`."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user's own file says
        matplotlib.rcParams.update(_style())
        figure = Figure(figsize=(6.4, 3.4), layout="constrained")
        FigureCanvasSVG(figure)
        _plot(figure.subplots(), curve)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _embedded(buffer.getvalue(), curve, number)


def _style() -> dict[Any, Any]:
    inks = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "legend.labelcolor")
    return {
        **dict.fromkeys(inks, _INK),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "harness",  # else ids are drawn at random
        "text.parse_math": False,  # a dollar in a name is a dollar
    }


def _plot(axes: Any, curve: Curve) -> None:
    points = {point.text: point for line in curve.lines for point in line.points}
    values = sorted(points.values(), key=lambda point: _place(point.value))
    numeric = all(_is_number(point.value) for point in values)
    place = {point.text: float(point.value) if numeric else float(i) for i, point in enumerate(values)}
    for i, line in enumerate(curve.lines):
        shown = [(point, point.average) for point in line.points if point.average]
        at = [place[point.text] for point, _ in shown]
        means = [100 * score.mean for _, score in shown]
        spread = [[100 * _gap(s.low, s.mean) for _, s in shown], [100 * _gap(s.mean, s.high) for _, s in shown]]
        marker = "osD^vP*X"[i % 8]
        axes.errorbar(at, means, yerr=spread, marker=marker, capsize=3, elinewidth=1, label=line.others or "average")
    if len(curve.lines) == 1 and len(curve.languages) > 1:
        for i, language in enumerate(curve.languages):
            scores = [(place[p.text], p.boxes[i].score) for p in curve.lines[0].points]
            known = [(x, 100 * score.mean) for x, score in scores if score]
            axes.plot([x for x, _ in known], [y for _, y in known], linestyle="--", linewidth=1, label=language)
    if numeric and min(place.values()) > 0 and max(place.values()) > LOG_FROM * min(place.values()):
        axes.set_xscale("log")
    axes.set_xticks(list(place.values()), labels=list(place))
    axes.minorticks_off()
    axes.set_xlabel(curve.target)
    axes.set_ylabel(f"{curve.measure} × 100")
    if len(axes.get_legend_handles_labels()[1]) > 1:
        axes.figure.legend(loc="outside right upper", frameon=False, fontsize="small")


def _gap(low: float | None, high: float | None) -> float:
    """Return how far two numbers are apart, 0 where one is missing or (percentiles) beyond the other."""
    return 0.0 if low is None or high is None else max(high - low, 0.0)


def _embedded(svg: str, curve: Curve, number: int) -> str:
    """Return an SVG file as an element of a page: named, in the page's ink, with ids and styles of its own."""
    name = f"sweep-{number}"
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.S)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"| (?:width|height)="[\d.]+pt"(?=[^<]*viewBox)', "", svg)
    svg = re.sub(r"font-family: [^;]*; ", "", svg)  # the page's
    svg = svg.replace("xlink:href", "href").replace(_INK, "currentColor")
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'\bhref="#', f'href="#{name}-', svg).replace("url(#", f"url(#{name}-")
    what = html.escape(f"{curve.origin}: {curve.measure} over {curve.target}")
    told = html.escape("; ".join(_told(line) for line in curve.lines))
    opening = (
        f'<svg class="curve" role="img" aria-labelledby="{name}-title {name}-desc" stroke-linejoin="round"'
        ' stroke-linecap="butt"'
    )
    head, body = svg.removeprefix("<svg").split(">", 1)
    names = f'<title id="{name}-title">{what}</title><desc id="{name}-desc">{told}</desc>'
    return re.sub(r"\n\s*(?=\n)", "", f"{opening}{head}>{names}{body}")


def _told(line: Line) -> str:
    """Return a line in words, for who does not see it."""
    values = [f"{p.text}: {100 * p.average.mean:.2f}" if p.average else f"{p.text}: none" for p in line.points]
    return f"{line.others or 'average'}: {', '.join(values)}"
