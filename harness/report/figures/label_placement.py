"""Placement of labels beside the points of a scatter plot, or in a column beside lines, so that none covers another.

Lengths are in points. A position is (x, y), a box (left, bottom, right, top). As in leaderboard_labels.js.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.report.figures.drawing_rules import RULES
from harness.stats.align import Floats

Position = tuple[float, float]
Size = tuple[float, float]
Box = tuple[float, float, float, float]
_RULES = RULES["labels"]


@dataclass(frozen=True)
class Placement:
    """The box of a label, and the end of its leader line at the label, None without a leader line."""

    box: Box
    end: Position | None


def line_boxes(line: Sequence[Position]) -> Floats:
    """Return small boxes along a line, which labels leave free.  [boxes, 4]"""
    boxes = []
    for (x, y), (to_x, to_y) in pairwise(line):
        count = 1 + int(math.sqrt((to_x - x) ** 2 + (to_y - y) ** 2) / _RULES["line"])
        boxes += [_box_around((x + i * (to_x - x) / count, y + i * (to_y - y) / count), 1.0) for i in range(count + 1)]
    return _as_array(boxes)


def stack_labels(heights: Sequence[float], spacing: float, low: float, high: float) -> list[float]:
    """Return for each height the middle of its label in a column: in the order of the heights, `spacing` apart.

    The middles lie within [low, high] where there is room for all, and as far up or down as the spacing asks where not.

    >>> stack_labels([5.0, 5.0, 40.0], 10.0, 0.0, 50.0), stack_labels([49.0, 50.0], 10.0, 0.0, 50.0)
    ([5.0, 15.0, 40.0], [40.0, 50.0])
    """
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    middles = [0.0] * len(heights)
    bottom = low
    for i in order:  # upwards, each above the one below it
        middles[i] = max(heights[i], bottom)
        bottom = middles[i] + spacing
    top = max(high, low + spacing * (len(heights) - 1))
    for i in reversed(order):  # back into the column
        middles[i] = min(middles[i], top)
        top = middles[i] - spacing
    return middles


def place_labels(
    points: Sequence[Position], sizes: Sequence[Size], frame: Size, reserved: Floats
) -> list[Placement | None]:
    """Return the placement of the label of each point, None where the frame has no room for it.

    Labels are placed in the given order, each as near to its point as possible, preferring positions whose leader line
    crosses nothing. They keep clear of the points, of each other and of the boxes in `reserved`.
    """
    dots = _as_array([_box_around(point, _RULES["clearance"]) for point in points])
    occupied = _as_array([])
    placements: list[Placement | None] = []
    for point, size in zip(points, sizes, strict=True):
        other_dots = dots[
            ~_overlaps(_box_around(point, _RULES["clearance"]), dots)
        ]  # a leader may start under another point
        obstacles = np.concatenate([dots, reserved, occupied])
        placement = _first_free(
            _candidates(point, size, frame), point, obstacles, np.concatenate([other_dots, occupied])
        )
        placements.append(placement)
        if placement:
            occupied = np.concatenate([occupied, _as_array([placement.box]), _leader_boxes(point, placement)])
    return placements


def _first_free(
    candidates: Iterator[Placement], point: Position, obstacles: Floats, leader_obstacles: Floats
) -> Placement | None:
    """Return the first candidate that is free with its leader line, else the first that is free without it."""
    fallback = None
    for candidate in candidates:
        if not _overlaps(candidate.box, obstacles).any():
            if not any(_overlaps(box, leader_obstacles).any() for box in _leader_boxes(point, candidate)):
                return candidate
            fallback = fallback or candidate
    return fallback


def _candidates(point: Position, size: Size, frame: Size) -> Iterator[Placement]:
    """Yield boxes around a point inside the frame, nearest first, right of the point before left of it."""
    (x, y), (width, height) = point, size
    for step in range(_RULES["far"] // _RULES["ring"]):
        distance = _RULES["near"] + _RULES["ring"] * step
        for right_by, up_by in _RULES["directions"]:
            dx, dy = distance * right_by, distance * up_by
            left = x + dx if right_by > 0 else x - width / 2 if right_by == 0 else x + dx - width
            bottom, right, top = y + dy - height / 2, left + width, y + dy + height / 2
            if left >= 0 and bottom >= 0 and right <= frame[0] and top <= frame[1]:
                end = (min(max(x, left), right), min(max(y, bottom), top))
                yield Placement((left, bottom, right, top), end if step else None)


def _leader_boxes(point: Position, placement: Placement) -> Floats:
    """Return the boxes along a leader line, without those at its ends."""
    return line_boxes([point, placement.end])[1:-1] if placement.end else _as_array([])


def _box_around(center: Position, radius: float) -> Box:
    return center[0] - radius, center[1] - radius, center[0] + radius, center[1] + radius


def _as_array(boxes: Sequence[Box]) -> Floats:
    return np.array(boxes, dtype=float).reshape(-1, 4)


def _overlaps(box: Sequence[float] | Floats, others: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    left, bottom, right, top = box
    horizontally = (left < others[:, 2]) & (others[:, 0] < right)
    return np.asarray(horizontally & (bottom < others[:, 3]) & (others[:, 1] < top))
