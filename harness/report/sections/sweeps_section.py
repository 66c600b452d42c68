"""Sweeps: how the primary measure moves with each setting that was given several values.

One curve for each declared entry and swept setting, with a line for each combination of the other swept settings. The
numbers are those of the leaderboard's rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.figures import svg
from harness.report.figures.labels import label
from harness.report.numbers import hundred
from harness.report.table_view import Box, Row, Score

CSV = "sweeps.csv"
COLUMNS = ("origin", "setting", "value", "others")  # before those of leaderboard.csv
LOG_FROM = 10  # a numeric setting whose largest value is more than so many times its smallest has a logarithmic axis
_LEFT, _TALL = 52.0, 220.0  # room for the numbers beside a figure, and its height


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
    figure: str = field(default="", repr=False)  # SVG, fit to stand in a page


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
    return str(pandas.concat(tables).map(spreadsheet.cell).to_csv(index=False, lineterminator="\n"))


def draw(curve: Curve, number: int) -> str:
    """Return a curve as an SVG element, its ids unique on the page by `number`."""
    title = f"{label(curve.origin)}: {label(curve.measure)} over {label(curve.target)}"
    plot = _Plot(curve)
    return svg.drawn(f"sweep-{number}", (title, "; ".join(map(_told, curve.lines))), plot.height, plot)


class _Plot:
    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.languages = curve.languages if len(curve.lines) == 1 and len(curve.languages) > 1 else ()
        lines = [(label(line.others) or "average", _look(i)) for i, line in enumerate(curve.lines)]
        lines += [(label(language, 12), _thin(i)) for i, language in enumerate(self.languages)]
        self.key = svg.Key(lines if len(lines) > 1 else [], _LEFT)
        self.height = self.key.height + _TALL + 56

    def __call__(self, canvas: Any) -> None:
        self.key.draw(canvas, 0)
        axes = svg.panel(canvas, (_LEFT, self.key.height + 10, svg.WIDTH - _LEFT - 16, _TALL))
        points = {point.text: point for line in self.curve.lines for point in line.points}
        values = sorted(points.values(), key=lambda point: _place(point.value))
        numeric = all(_is_number(point.value) for point in values)
        place = {point.text: float(point.value) if numeric else float(i) for i, point in enumerate(values)}
        self._lines(axes, place)
        if numeric and min(place.values()) > 0 and max(place.values()) > LOG_FROM * min(place.values()):
            axes.set_xscale("log")
        axes.set_xticks(list(place.values()), labels=[label(name, 16) for name in place])
        axes.minorticks_off()
        axes.set_xlabel(label(self.curve.target))
        axes.set_ylabel(f"{label(self.curve.measure)} × 100")

    def _lines(self, axes: Any, place: Mapping[str, float]) -> None:
        for i, line in enumerate(self.curve.lines):
            shown = [(point, point.average) for point in line.points if point.average]
            at = [place[point.text] for point, _ in shown]
            means = [100 * score.mean for _, score in shown]
            spread = [[100 * _gap(s.low, s.mean) for _, s in shown], [100 * _gap(s.mean, s.high) for _, s in shown]]
            axes.errorbar(at, means, yerr=spread, capsize=3, elinewidth=1, **_look(i))
        for i in range(len(self.languages)):
            scores = [(place[point.text], point.boxes[i].score) for point in self.curve.lines[0].points]
            known = [(x, 100 * score.mean) for x, score in scores if score]
            axes.plot([x for x, _ in known], [y for _, y in known], **_thin(i))


def _look(i: int) -> dict[str, Any]:
    """Return the look of a line of averages: the first in the page's ink, the others in hues."""
    color = svg.HUES[(i - 1) % len(svg.HUES)] if i else svg.INK
    return {"color": color, "marker": "osD^vP*X"[i % 8], "markersize": 5, "linestyle": "-", "linewidth": 1.5}


def _thin(i: int) -> dict[str, Any]:
    """Return the look of a language's line."""
    return {"color": svg.HUES[i % len(svg.HUES)], "linestyle": svg.DASHES[1:][i % 5], "linewidth": 1.1}


def _gap(low: float | None, high: float | None) -> float:
    """Return how far two numbers are apart, 0 where one is missing or (percentiles) beyond the other."""
    return 0.0 if low is None or high is None else max(high - low, 0.0)


def _told(line: Line) -> str:
    """Return a line in words, for who does not see it."""
    means = [(label(point.text), hundred(point.average.mean) if point.average else "none") for point in line.points]
    return f"{label(line.others) or 'average'}: {', '.join(f'{value}: {mean}' for value, mean in means)}"
