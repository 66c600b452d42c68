"""Intervals of an entry's rank, and groups of entries that are not shown to differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats
from harness.stats.multiple import holm
from harness.stats.rules import LEVEL, are_shown

Integers = NDArray[np.int64]


def ranks(means: Floats) -> Integers:
    """Return 1 + how many entries are higher, along the last axis: 1 is best, equal means share the better rank."""
    higher = means[..., None, :] > means[..., :, None]
    return np.asarray(1 + higher.sum(axis=-1))


def rank_intervals(means: Floats, level: float = LEVEL) -> tuple[Integers, Integers]:
    """Return the best and the worst rank of the central `level` of resamples.  means [draws, entries]

    The percentile interval of the rank (Hall and Miller 2009 on its limits: where entries are nearly equal it is
    wide, as it should be). The bounds are ranks that occur. Resample all entries over the same queries.
    """
    drawn = ranks(means)
    best, worst = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0, method="inverted_cdf")
    return best.astype(np.int64), worst.astype(np.int64)


def tie_groups(means: Floats, against: Callable[[int], Floats]) -> Integers:
    """Return the group of each entry, counted from 1, best first.  means [entries] → [entries]

    The highest entry without a group opens one, and takes in all other entries without one whose difference to it is
    not shown (harness.stats.rules) after Holm's correction among those compared with it. `against(i)` gives the p of
    the difference of every entry to entry i.  [entries]
    """
    groups = np.zeros(len(means), dtype=np.int64)
    ungrouped = np.argsort(-means, kind="stable")
    while len(ungrouped):
        best, lower = int(ungrouped[0]), ungrouped[1:]
        tied = ~are_shown(holm(against(best)[lower]))
        groups[[best, *lower[tied]]] = groups.max() + 1
        ungrouped = lower[~tied]
    return groups
