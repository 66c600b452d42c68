"""How close a reproduction is to an original: its rankings, its scores, and its relative gain.

Measures of Breuer, Ferro, Fuhr, Maistro, Sakai, Schaer and Soboroff (SIGIR 2020), written from their definitions:

    Kendall's τ on unions, RBO        how alike two rankings of documents are
    RMSE and nRMSE                    how far apart the scores of single queries are
    ΔRI                               whether the relative gain of an advanced entry over a baseline is reproduced

Their effect ratio is harness.stats.effect.effect_ratio. A ratio over an original that is nearly 0 is undefined (None),
never a huge number.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from harness.stats.align import Floats, finite
from harness.stats.effect import NEAR_ZERO

PERSISTENCE = 0.9  # RBO's p: the first ten ranks carry 86 % of the weight (Webber et al. 2010, equation 21)


def delta_relative_improvement(
    original: tuple[float, float], reproduced: tuple[float, float], near: float = NEAR_ZERO
) -> float | None:
    """Return ΔRI = RI − RI′ of mean scores (baseline, advanced), RI = (advanced − baseline) / baseline.

    0: the same relative gain; above 0: the reproduction gains less. None where either baseline is less than `near`
    from 0, and where the original does not differ from its baseline by `near`: there is no effect to reproduce.
    Raises ValueError for means that are not finite.
    """
    means = (*original, *reproduced)
    if not all(map(math.isfinite, means)):
        raise ValueError(f"cannot compare means that are not finite: {means}")
    if min(abs(original[0]), abs(reproduced[0])) < near or abs(original[1] - original[0]) < near:
        return None
    gains = [(advanced - baseline) / baseline for baseline, advanced in (original, reproduced)]
    return gains[0] - gains[1]


def rmse(original: Floats, reproduced: Floats) -> float:
    """Return √(mean (x − x′)²) of scores aligned by query."""
    original, reproduced = _aligned(original, reproduced)
    return float(np.sqrt(np.mean((original - reproduced) ** 2)))


def nrmse(original: Floats, reproduced: Floats) -> float:
    """Return the RMSE as a share of the largest that is possible, √(mean max(x, 1 − x)²), so within [0, 1].

    Scores must lie in [0, 1]. This normalisation is that of the authors' repro_eval.
    """
    original, reproduced = _aligned(original, reproduced)
    if min(original.min(), reproduced.min()) < 0 or max(original.max(), reproduced.max()) > 1:
        raise ValueError("nRMSE needs scores in [0, 1]")
    worst = float(np.sqrt(np.mean(np.maximum(original, 1 - original) ** 2)))
    return rmse(original, reproduced) / worst


def kendall_union(original: Sequence[Hashable], reproduced: Sequence[Hashable]) -> float | None:
    """Return Kendall's τ on the union of two rankings of documents, best first.

    Documents are numbered by their first place in the union (the original's order, then what the reproduction adds:
    never by id), both rankings are written in these numbers, and τ is taken between the two lists position by
    position. Rankings of unequal length are compared to the depth of the shorter one. None below two positions.
    Quadratic in memory and time: meant for rankings of up to some hundreds of documents.
    """
    _check_unique(original, reproduced)
    depth = min(len(original), len(reproduced))
    if depth < 2:
        return None
    numbers = {doc: i for i, doc in enumerate(dict.fromkeys([*original[:depth], *reproduced[:depth]]))}
    first, second = (np.array([numbers[doc] for doc in ranking[:depth]]) for ranking in (original, reproduced))
    agreement = np.sign(first[:, None] - first) * np.sign(second[:, None] - second)  # no ties in either
    return float(agreement.sum() / (depth * (depth - 1)))


def rank_biased_overlap(
    original: Sequence[Hashable], reproduced: Sequence[Hashable], persistence: float = PERSISTENCE
) -> float | None:
    """Return RBO_EXT of two rankings of documents, best first (Webber, Moffat and Zobel 2010, equation 32).

    With s ≤ l the two lengths, X_d the overlap of the first d documents of each, and p the persistence:

        (1 − p)/p · ( Σ_{d=1..l} X_d/d · p^d + Σ_{d=s+1..l} X_s (d − s)/(s d) · p^d ) + ((X_l − X_s)/l + X_s/s) · p^l

    1: the same; 0: nothing in common. None where a ranking is empty. Lengths may differ.
    """
    _check_unique(original, reproduced)
    if not 0 < persistence < 1:
        raise ValueError(f"RBO's persistence lies between 0 and 1: {persistence}")
    short, long = sorted((original, reproduced), key=len)
    s, l = len(short), len(long)  # noqa: E741 - the equation's letters
    if not s:
        return None
    overlap = _overlaps(short, long)
    total = 0.0
    for d in range(1, l + 1):
        extrapolated = overlap[s - 1] * (d - s) / (s * d) if d > s else 0.0
        total += (overlap[d - 1] / d + extrapolated) * persistence**d
    tail = (overlap[l - 1] - overlap[s - 1]) / l + overlap[s - 1] / s
    return float((1 - persistence) / persistence * total + tail * persistence**l)


def _overlaps(short: Sequence[Hashable], long: Sequence[Hashable]) -> list[int]:
    """Return how many documents the first d of each have in common, d from 1 to the longer length."""
    return [len({*short[:d]} & {*long[:d]}) for d in range(1, len(long) + 1)]


def _aligned(original: Floats, reproduced: Floats) -> tuple[Floats, Floats]:
    original, reproduced = finite(original, 1), finite(reproduced, 1)
    if len(original) != len(reproduced):
        raise ValueError(f"cannot pair scores of {len(original)} and {len(reproduced)} queries; align them by id")
    return original, reproduced


def _check_unique(*rankings: Sequence[Hashable]) -> None:
    for ranking in rankings:
        if len(set(ranking)) < len(ranking):
            raise ValueError("a ranking names a document twice")
