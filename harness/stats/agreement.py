"""Agreement of rankings: Kendall's W among several judges, Kendall's τ-b and Spearman's ρ between two.

Items of one query are dependent. The p of W by χ² takes them as independent and is then too small; `block_p` is not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats

MIN_POINTS = 5  # of a rank correlation: of four points, one order in 24 is perfect by chance
PERMUTATIONS = 1999  # of whole queries: the smallest p is 1/2000


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


def block_p(scores: Floats, queries: Sequence[Hashable], permutations: int = PERMUTATIONS) -> float | None:
    """Return the p of W under "judges score independently of each other", by permuting whole queries.  scores [n, m]

    Each judge's scores of one query stay together: they move to a random query of as many items, in random order
    within it. What depends within a query of one judge (a hard query, say) so stays as it is, and what the judges share
    is broken. p = (1 + #{W* ≥ W}) / (1 + permutations), which is at most α with probability at most α wherever a
    judge's queries of one size, and the items of one query, are exchangeable (Phipson & Smyth 2010, DOI
    10.2202/1544-6115.1585). Draws are seeded by a constant.

    None where W is undefined.
    """
    from scipy.stats import rankdata

    if concordance(scores) is None:
        return None
    ranks = rankdata(scores, axis=0)  # [n, m]
    largest = float((ranks.sum(axis=1) ** 2).sum())  # W grows with it: all else is the same in every permutation
    blocks = _blocks(queries)
    generator = np.random.Generator(np.random.PCG64(0))
    as_large = 0
    for _ in range(permutations):
        sums = ranks[:, 0].copy()  # one judge may stay: only how judges stand to each other counts
        for judge in range(1, ranks.shape[1]):
            for block, moved in _moved(blocks, generator):
                sums[block] += ranks[moved, judge]
        as_large += float((sums**2).sum()) >= largest * (1 - 1e-12)
    return (1 + as_large) / (1 + permutations)


def _blocks(queries: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """Return the indices of the items of each query, queries of one size together.  Each [queries, size]"""
    items: dict[Hashable, list[int]] = {}
    for i, query in enumerate(queries):
        items.setdefault(query, []).append(i)
    by_size: dict[int, list[list[int]]] = {}
    for block in items.values():
        by_size.setdefault(len(block), []).append(block)
    return [np.array(by_size[size]) for size in sorted(by_size)]


def _moved(
    blocks: Sequence[NDArray[np.intp]], generator: np.random.Generator
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the indices of each size, and those of the items that move there."""
    for block in blocks:
        yield block.ravel(), generator.permuted(generator.permutation(block), axis=1).ravel()


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


def agreement(names: Sequence[str], scores: Floats, queries: Sequence[Hashable]) -> dict[str, Any]:
    """Return the agreement of judges as JSON: `experts`, `pairs` (items), `W`, `tau` and two p.  scores [n, m]

    `p` takes the items as independent; `p_by_query` permutes whole `queries`, one per item. `tau` is expert → expert →
    τ-b, each pair once. Undefined values are None; fewer than two judges give {}.
    """
    if len(names) < 2:
        return {}
    w, p = concordance(scores) or (None, None)
    tau: dict[str, dict[str, float | None]] = {}
    for i, j in combinations(range(len(names)), 2):
        tau.setdefault(names[i], {})[names[j]] = tau_b(scores[:, i], scores[:, j])
    p_by_query = block_p(scores, queries)
    return {"experts": list(names), "pairs": len(scores), "W": w, "p": p, "p_by_query": p_by_query, "tau": tau}
