"""Agreement of rankings: Kendall's W among several judges, Kendall's τ-b and Spearman's ρ between two."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from harness.stats.align import Floats

MIN_POINTS = 5  # of a rank correlation: of four points, one order in 24 is perfect by chance


def concordance(scores: Floats) -> tuple[float, float] | None:
    """Return Kendall's W of m judges over n items, corrected for ties, and its p.  scores [n, m]

    With midranks r_ij, R_i = Σ_j r_ij, S = Σ_i (R_i − R̄)² and T_j = Σ (t³ − t) over judge j's groups of t tied items,

        W = 12 S / (m² (n³ − n) − m Σ_j T_j)

    (Kendall & Smith 1939, DOI 10.1214/aoms/1177732186; ties: Kendall 1948, Rank Correlation Methods). p is that of
    χ² = m (n − 1) W with n − 1 degrees of freedom, which is Friedman's test of "judges rank the items at random"; 0.0
    below the smallest float.
    None where W is undefined: fewer than two judges or items, or judges who tie all items.
    """
    from scipy.stats import chi2, rankdata

    items, judges = scores.shape
    if judges < 2 or items < 2:
        return None
    ranks = rankdata(scores, axis=0)  # [n, m]
    sums = ranks.sum(axis=1)
    squares = float(((sums - sums.mean()) ** 2).sum())
    ties = sum(float((counts**3 - counts).sum()) for counts in map(_tie_sizes, ranks.T))
    largest = judges**2 * (float(items) ** 3 - items) - judges * ties
    if largest <= 0:
        return None
    w = 12 * squares / largest
    return w, float(chi2.sf(judges * (items - 1) * w, items - 1))


def _tie_sizes(ranks: Floats) -> Floats:
    """Return how many items share each rank."""
    counts: Floats = np.unique(ranks, return_counts=True)[1].astype(np.float64)
    return counts


def tau_b(left: Floats, right: Floats) -> float | None:
    """Return Kendall's τ-b, which corrects for ties (Kendall 1945, DOI 10.1093/biomet/33.3.239).

    None where one of the two ties all items, or there are fewer than two items.
    """
    if len(left) < 2 or _constant(left) or _constant(right):
        return None
    from scipy.stats import kendalltau

    return float(kendalltau(left, right, variant="b").statistic)


def spearman(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Return Spearman's ρ with midranks for ties (Spearman 1904, DOI 10.2307/1412159).

    None for fewer than MIN_POINTS points, and where one of the two is constant.
    """
    if len(left) < MIN_POINTS or _constant(np.array(left)) or _constant(np.array(right)):
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(left, right).statistic)


def _constant(values: Floats) -> bool:
    return bool((values == values[0]).all())


def agreement(names: Sequence[str], scores: Floats) -> dict[str, Any]:
    """Return the agreement of judges as JSON: `experts`, `pairs` (items), `W`, `p` and `tau`.  scores [n, m]

    `tau` is expert → expert → τ-b, each pair once. Undefined values are None; fewer than two judges give {}.
    """
    if len(names) < 2:
        return {}
    w, p = concordance(scores) or (None, None)
    tau: dict[str, dict[str, float | None]] = {}
    for i, j in combinations(range(len(names)), 2):
        tau.setdefault(names[i], {})[names[j]] = tau_b(scores[:, i], scores[:, j])
    return {"experts": list(names), "pairs": len(scores), "W": w, "p": p, "tau": tau}
