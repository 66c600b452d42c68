"""The crossed bootstrap: queries and seeds are resampled, independently of each other, and corrected for few seeds.

One resample draws n queries and S seeds with replacement and takes the mean over all pairs (the pigeonhole bootstrap of
Owen 2007; McCullagh 2000). With five seeds its spread is wrong: a variance over S drawn values is (S − 1)/S of what it
should be, the residual counts up to three times (Owen 2007; Owen and Eckles 2012), and the percentiles are those of a
normal distribution where Student's t is needed. So the resamples are stretched about the estimate, as Hesterberg (2015)
expands the percentile interval by Student's t, here by the ratio of the half-widths:

    x* ← x̄ + (x* − x̄) · (t[level, df] · error) / (z[level] · sd(x*))

with the error and the degrees of freedom of harness.stats.intervals. The percentiles of the stretched
resamples keep their skewness, and cover as Student's interval does. Ranks and differences use the same resamples.
"""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats, finite
from harness.stats.bootstrap import Counts
from harness.stats.intervals import Estimate, student
from harness.stats.rules import LEVEL

_CHUNK = 500  # resamples held at once as float64: they stay in the processor's cache


def crossed_means(values: Floats, query_counts: Counts, seed_counts: Counts) -> Floats:
    """Return the mean of `values` [seeds, queries, columns] under each resample.  [draws, columns]

    The counts are those of harness.stats.bootstrap.resample_counts, [draws, queries] and [draws, seeds]; entries
    that share their queries take the same `query_counts`, so that differences are paired, and each its own
    `seed_counts`. Raises ValueError for counts of other shapes, and for scores that are not finite.
    """
    values = finite(values, 3)
    seeds, n, columns = values.shape
    draws = len(query_counts)
    if query_counts.shape != (draws, n) or seed_counts.shape != (draws, seeds):
        raise ValueError(f"counts of shapes {query_counts.shape} and {seed_counts.shape} for scores {values.shape}")
    if seeds > n:  # the same sum, over the longer axis first
        values, query_counts, seed_counts, seeds, n = values.transpose(1, 0, 2), seed_counts, query_counts, n, seeds
    flat = np.ascontiguousarray(values.transpose(1, 0, 2)).reshape(n, seeds * columns)
    means = np.empty((draws, columns))
    for start in range(0, draws, _CHUNK):
        chunk = slice(start, start + _CHUNK)
        by_seed = (query_counts[chunk].astype(np.float64) @ flat).reshape(-1, seeds, columns)
        means[chunk] = np.einsum("ds,dsc->dc", seed_counts[chunk].astype(np.float64), by_seed)
    return np.asarray(means / (n * seeds))


def stretched(means: Floats, estimate: Estimate, level: float = LEVEL) -> Floats:
    """Return resampled means [draws, columns] with the spread that `estimate` implies at `level`.

    Take harness.stats.bootstrap.percentiles of them at the same level. Resamples that are all equal stay equal.
    """
    spread = means.std(axis=0)
    half = student((1 + level) / 2, estimate.freedom) * estimate.error
    normal = student((1 + level) / 2, np.array(np.inf))
    factor = np.ones_like(spread)
    np.divide(half, normal * spread, out=factor, where=spread > 0)
    return np.asarray(estimate.value + (means - estimate.value) * factor)
