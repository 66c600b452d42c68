"""Resamples of queries or seeds, and percentile intervals (Efron 1979; Efron and Tibshirani 1993, section 13.3).

A resample of n queries with replacement is a row of counts c with Σ c = n; its mean is c·x / n. One matrix of
counts therefore serves every column (entry × measure) by one matrix product (harness.stats.crossed), and columns that
share it are resampled together: the interval of a difference is paired. The average over languages is resampled within
each language (stratified): average their resampled means, draw by draw, then take percentiles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats
from harness.stats.rules import LEVEL

Counts = NDArray[np.uint16]

DRAWS = 10_000
_CHUNK = 1_000  # resamples held at once, 5 MB for 640 queries; the draws of a seed depend on it


def resample_counts(n: int, draws: int, seed: int) -> Counts:
    """Return how often each of n queries is drawn in each resample.  [draws, n]

    Indices come from PCG64(seed), n per resample, with replacement. Raises ValueError unless 0 < n < 65536.
    """
    if not 0 < n <= np.iinfo(np.uint16).max:
        raise ValueError(f"cannot resample {n} queries: 1 to {np.iinfo(np.uint16).max} are supported")
    generator = np.random.Generator(np.random.PCG64(seed))
    counts = np.empty((draws, n), dtype=np.uint16)
    for start in range(0, draws, _CHUNK):
        rows = min(_CHUNK, draws - start)
        drawn = generator.integers(0, n, size=(rows, n))  # [rows, n]
        drawn += n * np.arange(rows)[:, None]  # one bin per (resample, query)
        counts[start : start + rows] = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
    return counts


def percentiles(means: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the bounds between which the central `level` of the resampled means lie, column by column.

    Equal to `numpy.quantile` to the last bit; sorting is several times faster than its partitioning.
    """
    ordered = np.sort(means, axis=0)  # NaN last
    bounds = np.asarray([_between(ordered, share * (len(ordered) - 1)) for share in ((1 - level) / 2, (1 + level) / 2)])
    low, high = np.where(np.isnan(ordered[-1]), np.nan, bounds)
    return low, high


def _between(ordered: Floats, place: float) -> Floats:
    """Return the value at a place between two rows, interpolated from the nearer one."""
    below = int(place)
    fraction = place - below
    left, right = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    return np.asarray(left + (right - left) * fraction if fraction < 0.5 else right - (right - left) * (1 - fraction))
