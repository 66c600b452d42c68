"""Groups of queries by a number of each, and the difference of two entries within a group.

Equal numbers are never in two groups, and a group of fewer than FEWEST queries joins a neighbour. What is found between
groups is exploratory: the intervals are not corrected for the number of groups, and groups of different traits overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats, finite
from harness.stats.rules import LEVEL
from harness.stats.samples import gain

FEWEST = 10  # queries of a group: of fewer, an interval says nothing that a reader could use

Group = NDArray[np.intp]  # indices of queries, ascending


def thirds(values: Floats) -> list[Group]:
    """Return the queries in up to three groups of ascending values [queries], about equally large.

    A value that b of n queries lie below and e have belongs to group ⌊3 (b + e/2) / n⌋: to that of the middle of the
    queries that share it.
    """
    values = finite(values, 1)
    ordered = np.sort(values)
    below, upto = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return _joined(3 * (below + upto) // (2 * len(values)))


def bands(values: Floats, starts: Sequence[float]) -> list[Group]:
    """Return the queries in groups of values [queries] that begin at `starts`, ascending; lower ones join the first."""
    return _joined(np.maximum(np.searchsorted(starts, finite(values, 1), "right") - 1, 0))


def _joined(numbers: NDArray[np.intp]) -> list[Group]:
    """Return the groups of equal numbers, ascending; the smallest joins its smaller neighbour while it is below FEWEST.

    Of equally large groups and neighbours, the lower one is taken.
    """
    groups = [np.flatnonzero(numbers == number) for number in np.unique(numbers)]
    while len(groups) > 1 and min(map(len, groups)) < FEWEST:
        small = min(range(len(groups)), key=lambda i: len(groups[i]))
        beside = [i for i in (small - 1, small + 1) if 0 <= i < len(groups)]
        other = min(beside, key=lambda i: len(groups[i]))
        low, high = sorted((small, other))
        groups[low : high + 1] = [np.sort(np.concatenate([groups[low], groups[high]]))]
    return groups


def group_difference(new: Floats, old: Floats, group: Group) -> tuple[float, float]:
    """Return the mean of `new` less that of `old` over a group, with the half-width of its interval.

    Arrays are [seeds, queries] of one measure. The interval is over queries and seeds at LEVEL, of an entry with one
    seed without its spread over seeds (harness.stats.intervals); NaN over one query.
    """
    estimate = gain(new[:, group, None], old[:, group, None])
    return float(estimate.value[0]), float(estimate.half_width((1 - LEVEL) / 2)[0])
