"""The drawing of score against time: one labelled point per entry, and the front of the best scores within a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element

from harness.report.figures.drawing_rules import RULES
from harness.report.figures.scatter import Point, scatter
from harness.report.figures.shapes import (
    SOFT,
    Domain,
    anchored_extent,
    axis_below,
    axis_left,
    drawn,
    extent,
    logarithmic_ticks,
    number,
    scale,
    ticks,
)
from harness.report.figures.view import View
from harness.report.numbers import hundred

_RULES = RULES["cost"]


@dataclass(frozen=True)
class EntryCost:
    """The mean time of the cells of one entry, and its score."""

    entry: int
    seconds: float
    score: float


@dataclass(frozen=True)
class TimeUnit:
    """A unit of time and its length in seconds."""

    name: str
    seconds: float


def entry_costs(view: View) -> list[EntryCost]:
    """Return the entries that are shown and have a time and a score."""
    timed = [(entry, view.data["entries"][entry]["seconds"], view.found(entry, view.scope)) for entry in view.entries]
    return [EntryCost(entry, seconds, score["mean"]) for entry, seconds, score in timed if seconds and score]


def time_unit(view: View) -> TimeUnit:
    """Return the unit of the time axis, the same whatever is shown."""
    slow = max(entry["seconds"] or 0 for entry in view.data["entries"]) >= _RULES["minutes"]
    return TimeUnit("minutes", 60.0) if slow else TimeUnit("seconds", 1.0)


def pareto_front(costs: Sequence[EntryCost]) -> list[EntryCost]:
    """Return the entries for which no other entry has a higher score in the same time or less, fastest first."""
    front: list[EntryCost] = []
    for cost in sorted(costs, key=lambda cost: (cost.seconds, -cost.score)):
        if not front or cost.score > front[-1].score:
            front.append(cost)
    return front


def cost_height(view: View) -> float:
    count = len(entry_costs(view)[: RULES["entries"]])
    return float(_RULES["above"] + _RULES["panel"] + _RULES["entry"] * count + _RULES["below"])


def draw_cost(view: View, height: float) -> list[Element]:
    costs = entry_costs(view)[: RULES["entries"]]
    unit = time_unit(view)
    left, top = _RULES["left"], _RULES["above"]
    box = (left, top, RULES["width"] - left - _RULES["right"], height - top - _RULES["below"])
    times = [cost.seconds / unit.seconds for cost in costs]
    logarithmic = bool(times) and max(times) > _RULES["logarithmic"] * min(times)
    beside = _RULES["beside"]
    domain = (min(times) / beside, max(times) * beside) if logarithmic else extent(times, _RULES["room"])
    scores = score_domain(view, costs)
    x = scale(domain, left, left + box[2], logarithmic=logarithmic)
    y = scale(scores, top + box[3], top)
    front = pareto_front(costs)
    points = [_point(cost, unit, scores, filled=cost in front) for cost in costs]
    line = _steps([(x(point.x), y(point.y)) for point in (points[costs.index(cost)] for cost in front)])
    label = f"{unit.name} per cell{', logarithmic' if logarithmic else ''}"
    return [
        *axis_below(box, x, logarithmic_ticks(domain) if logarithmic else ticks(domain, _RULES["ticks"]), label),
        *axis_left(box, y, ticks(scores, _RULES["ticks_left"]), f"{view.state.measure} × 100"),
        *_front_line(line),
        *scatter(view, (left, top, RULES["width"] - left, box[3]), points, (x, y), line),
    ]


def score_domain(view: View, costs: Sequence[EntryCost]) -> Domain:
    """Return the ends of the axis of scores."""
    scores: dict[bool, list[float]] = {True: [], False: []}
    for cost in costs:
        scores[bool(view.data["entries"][cost.entry].get("anchor"))].append(100 * cost.score)
    return anchored_extent(scores[False], scores[True], _RULES["room"])


def beyond(cost: EntryCost, domain: Domain) -> int:
    """Return whether a score lies above the axis (1), below it (-1) or on it (0)."""
    return int(100 * cost.score > domain[1]) - int(100 * cost.score < domain[0])


def _point(cost: EntryCost, unit: TimeUnit, domain: Domain, *, filled: bool) -> Point:
    """Return the point of an entry, an arrow with its score at the end of the axis that it lies beyond."""
    low, high = domain
    time, edge, turn = cost.seconds / unit.seconds, _RULES["edge"] * (high - low), beyond(cost, domain)
    if not turn:
        return Point(cost.entry, time, 100 * cost.score, filled)
    return Point(cost.entry, time, high - edge if turn > 0 else low + edge, filled, turn, hundred(cost.score))


def _steps(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the front: along in time, then up in score."""
    corners = [corner for before, after in pairwise(places) for corner in ((after[0], before[1]), after)]
    return [*places[:1], *corners]


def _front_line(line: Sequence[tuple[float, float]]) -> list[Element]:
    path = "L".join(f"{number(x)} {number(y)}" for x, y in line)
    return [drawn("path", d=f"M{path}", fill="none", stroke=SOFT, stroke_dasharray="4 3")] if line else []
