"""Names beside the points of a picture, none over another name or a point.

Lengths are in points; a place is (across, up), a box (left, bottom, right, top).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harness.stats.align import Floats

Place = tuple[float, float]
Box = tuple[float, float, float, float]
NEAR = 10.0  # a name so far from its point needs no line to it
_FAR = 160.0
_RING = 6.0  # distance of one ring of places that are tried to the next
_ANGLES = (0, 30, -30, 60, -60, 90, -90, 180, 150, -150, 120, -120)
_CLEAR = 5.0  # room about a point


@dataclass(frozen=True)
class Name:
    """Where a name's box lies, and where its line to the point ends, None where it needs none."""

    box: Box
    end: Place | None


def along(line: Sequence[Place]) -> Floats:
    """Return the small boxes that names are to leave free for a line.  [boxes, 4]"""
    found = []
    for (x, y), (to_x, to_y) in pairwise(line):
        count = 1 + int(math.hypot(to_x - x, to_y - y) / 4)
        found += [_about((x + i * (to_x - x) / count, y + i * (to_y - y) / count), 1.0) for i in range(count + 1)]
    return _boxes(found)


def beside(points: Sequence[Place], names: Sequence[Place], frame: Place, free: Floats) -> list[Name | None]:
    """Return a place for each name of (width, height) inside a frame of such, None where there is no room for one.

    Names take their places in the order given, each as near its point as it can, with a line that meets nothing
    where there is such a place. `free` is what they leave free beside each other and the points.
    """
    dots = _boxes([_about(point, _CLEAR) for point in points])
    taken = _boxes([])
    found: list[Name | None] = []
    for point, size in zip(points, names, strict=True):
        apart = dots[~_meet(_about(point, _CLEAR), dots)]  # a line may leave from under another point
        chosen = _first(_candidates(point, size, frame), point, np.concatenate([dots, free, taken]), (apart, taken))
        found.append(chosen)
        if chosen:
            taken = np.concatenate([taken, _boxes([chosen.box]), _leader(point, chosen)])
    return found


def _first(tried: Iterator[Name], point: Place, full: Floats, crossed: tuple[Floats, Floats]) -> Name | None:
    """Return the first that meets nothing and whose line meets nothing, else the first that meets nothing."""
    others = np.concatenate(crossed)
    second = None
    for one in tried:
        if not _meet(one.box, full).any():
            if not any(_meet(box, others).any() for box in _leader(point, one)):
                return one
            second = second or one
    return second


def _candidates(point: Place, size: Place, frame: Place) -> Iterator[Name]:
    """Yield boxes about a point inside the frame, nearest first, those to the right before those to the left."""
    (x, y), (width, tall) = point, size
    for step in range(int(_FAR / _RING)):
        distance = NEAR + _RING * step
        for angle in _ANGLES:
            aside, up = distance * math.cos(math.radians(angle)), distance * math.sin(math.radians(angle))
            left = x + aside if abs(angle) < 90 else x - width / 2 if abs(angle) == 90 else x + aside - width
            low, right, high = y + up - tall / 2, left + width, y + up + tall / 2
            if left >= 0 and low >= 0 and right <= frame[0] and high <= frame[1]:
                end = (min(max(x, left), right), min(max(y, low), high))
                yield Name((left, low, right, high), end if step else None)


def _leader(point: Place, name: Name) -> Floats:
    """Return what the line from a point to its name takes, its ends left out."""
    return along([point, name.end])[1:-1] if name.end else _boxes([])


def _about(place: Place, room: float) -> Box:
    return place[0] - room, place[1] - room, place[0] + room, place[1] + room


def _boxes(boxes: Sequence[Box]) -> Floats:
    return np.array(boxes, dtype=float).reshape(-1, 4)


def _meet(box: Sequence[float] | Floats, others: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    left, bottom, right, top = box
    across = (left < others[:, 2]) & (others[:, 0] < right)
    return np.asarray(across & (bottom < others[:, 3]) & (others[:, 1] < top))
