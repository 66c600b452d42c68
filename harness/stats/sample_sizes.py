"""How many seeds or queries a comparison would need to find a true difference δ with power .8.

The error that finds δ is e = δ / (z(1 − α/2) + z(power)) (Cohen 1988, chapter 2, with normal quantiles: of many degrees
of freedom, so that a handful of seeds needs somewhat more). The variance of the measured difference is Vq + Vs, of
queries and of seeds (harness.stats.intervals). With k times the seeds it is Vq + Vs / k, with k times the queries
Vq / k + Vs:

    k seeds      Vs / (e² − Vq)      only where Vq < e²: more seeds do not make up for few queries
    k queries    Vq / (e² − Vs)      only where Vs < e²
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from harness.stats.rules import ALPHA, POWER


@dataclass(frozen=True)
class Needed:
    """Factors on the seeds or the queries of a run, at least 1; None where no number of them is enough."""

    seeds: float | None
    queries: float | None


def needed(difference: float, query_variance: float, seed_variance: float, alpha: float = ALPHA) -> Needed:
    """Return what would find a true difference at a level; raises ValueError for one that is not positive."""
    if not difference > 0:
        raise ValueError(f"a difference to be found must be positive: {difference}")
    allowed = (difference / _quantiles(alpha)) ** 2
    return Needed(
        seeds=_factor(seed_variance, allowed - query_variance), queries=_factor(query_variance, allowed - seed_variance)
    )


def _factor(variance: float, room: float) -> float | None:
    """Return variance / room, at least 1; None where there is no room."""
    return max(1.0, variance / room) if room > 0 else None


@cache
def _quantiles(alpha: float) -> float:
    from scipy import stats

    return float(stats.norm.isf(alpha / 2) + stats.norm.isf(1 - POWER))
