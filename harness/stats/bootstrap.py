"""Resamples of queries or seeds, and percentile intervals (Efron 1979; Efron and Tibshirani 1993, section 13.3).

A resample of n queries with replacement is a row of counts c with Σ c = n; its mean is c·x / n. One matrix of
counts therefore serves every column (entry × measure) by one matrix product (harness.stats.crossed), and columns that
share it are resampled together: the interval of a difference is a paired one. The average over languages is resampled
within each language (stratified): average their resampled means, draw by draw, then take percentiles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.stats.rules import LEVEL

Floats = NDArray[np.float64]
Counts = NDArray[np.uint16]

DRAWS = 10_000
_CHUNK = 1_000  # resamples held at once as indices or as float64: 5 MB for 640 queries; part of what a seed means


def resample_counts(n: int, draws: int, seed: int) -> Counts:
    """Return how often each of n queries is drawn in each resample.  [draws, n]

    Indices come from PCG64(seed), n a resample, with replacement. Raises ValueError unless 0 < n < 65536.
    """
    if not 0 < n <= np.iinfo(np.uint16).max:
        raise ValueError(f"cannot resample {n} queries: 1 to {np.iinfo(np.uint16).max} are supported")
    generator = np.random.Generator(np.random.PCG64(seed))
    counts = np.empty((draws, n), dtype=np.uint16)
    for start in range(0, draws, _CHUNK):
        rows = min(_CHUNK, draws - start)
        drawn = generator.integers(0, n, size=(rows, n))  # [rows, n]
        drawn += n * np.arange(rows)[:, None]  # a bin of its own for every (resample, query)
        counts[start : start + rows] = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
    return counts


def percentiles(means: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the bounds between which the central `level` of the resampled means lie, column by column.

    Those of `numpy.quantile` to the last bit; it partitions, and sorting is several times faster.
    """
    ordered = np.sort(means, axis=0)  # NaN last
    found = np.asarray([_between(ordered, share * (len(ordered) - 1)) for share in ((1 - level) / 2, (1 + level) / 2)])
    low, high = np.where(np.isnan(ordered[-1]), np.nan, found)
    return low, high


def _between(ordered: Floats, place: float) -> Floats:
    """Return what stands at a place between two rows, reckoned from the nearer one."""
    below = int(place)
    rest = place - below
    left, right = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    return np.asarray(left + (right - left) * rest if rest < 0.5 else right - (right - left) * (1 - rest))
