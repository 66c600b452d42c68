"""The range of ranks that an entry may have, given which differences are shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats

Integers = NDArray[np.int64]


def rank_intervals(difference: Floats, shown: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Return the best and the worst rank of each entry; 1 is the highest.  [entries, …], from [entries, entries, …]

    `difference[i, j]` is entry i less entry j, and `shown[i, j]` whether it is shown. The best rank is 1 + the number
    of entries shown to be higher, the worst is the number of entries less that of those shown to be lower. If any of
    the shown differences is wrong with probability at most α (Holm over all pairs), these are simultaneous 1 − α
    intervals of the ranks (Al Mohamad, van Zwet and Goeman 2022, DOI 10.1111/biom.13419).
    """
    higher = (shown & (difference < 0)).sum(axis=1)
    lower = (shown & (difference > 0)).sum(axis=1)
    return np.asarray(1 + higher), np.asarray(len(difference) - lower)
