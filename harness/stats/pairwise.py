"""The sign-flip test (harness.stats.permutation) of every pair of entries that answer the same queries.

One draw of sign vectors and one matrix product serve all pairs; the p of a pair is computed on first use.
"""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats
from harness.stats.multiple import holm
from harness.stats.permutation import draw_flips, flipped_means, p_values


class PairwiseTests:
    """Tests between entries, numbered as in `scores` [queries, entries, measures], by the flips of `seed`."""

    def __init__(self, scores: Floats, seed: int) -> None:
        n, self._count, self._measures = scores.shape
        flips = draw_flips(n, seed)
        flipped = flipped_means(scores.reshape(n, -1), flips)
        self._exact = flips.exact
        self._flipped = np.ascontiguousarray(flipped.T).reshape(self._count, self._measures, -1)
        self.means, self._sizes = scores.mean(axis=0), np.abs(scores).mean(axis=0)  # [entries, measures]
        self._p: dict[tuple[int, int], Floats] = {}

    def against(self, other: int, measure: int | slice = slice(None)) -> Floats:
        """Return the p of the difference of every entry to one of them, 1 for itself.  [entries, measures]"""
        return np.stack([self._between(i, other)[measure] for i in range(self._count)])

    def corrected(self, other: int) -> tuple[Floats, Floats]:
        """Return p, and p by Holm among the others of each measure; NaN for itself.  [entries, measures] each"""
        p = self.against(other)
        p[other] = np.nan
        adjusted = p.copy()
        others = np.arange(self._count) != other
        if others.any():
            adjusted[others] = holm(p[others].T).T
        return p, adjusted

    def _between(self, first: int, second: int) -> Floats:
        """Return the p of two entries, in either order.  [measures]"""
        first, second = sorted((first, second))
        if first == second:
            return np.ones(self._measures)
        if (first, second) not in self._p:
            flipped = (self._flipped[first] - self._flipped[second]).T
            observed, size = self.means[first] - self.means[second], self._sizes[first] + self._sizes[second]
            self._p[first, second] = p_values(observed, flipped, size, self._exact)
        return self._p[first, second]
