"""Equivalence within a margin, by two one-sided tests (TOST, Schuirmann 1987)."""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats
from harness.stats.intervals import Estimate, over_queries, upper_p


def tost(estimate: Estimate, margin: float) -> Floats:
    """Return the p of "the difference is −margin or less, or margin or more": the larger of the two one-sided p.

    `margin` is in units of the measure. p ≤ α exactly where the (1 − 2α) interval lies within (−margin, margin).
    With an estimate over queries and seeds (harness.stats.intervals.difference) it holds for other seeds too. NaN where
    the error is NaN. Raises ValueError for a margin that is not positive.
    """
    if not margin > 0:
        raise ValueError(f"a margin of equivalence must be positive: {margin}")
    room = margin - np.abs(estimate.value)
    return np.asarray(np.where((room == 0) & (estimate.error == 0), 1.0, upper_p(estimate, room)))


def tost_paired(differences: Floats, margin: float) -> Floats:
    """Return the p over queries alone of differences [queries, columns]; that of statsmodels' `ttost_paired`."""
    return tost(over_queries(differences), margin)
