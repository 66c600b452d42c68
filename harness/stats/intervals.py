"""The error of a mean over queries, over seeds, and over both, and of a paired difference.

Scores x[s, q] of S seeds and n queries follow the two-way random-effects model (Searle, Casella and McCulloch 1992,
chapter 4): x[s, q] = μ + a[s] + b[q] + e[s, q]. With Vq, Vs and Ve what the variances of the query means, of the seed
means and of the residuals contribute to the variance of the mean of all,

    Vq = var_q(x̄[·, q]) / n             estimates σb²/n + σe²/(Sn)      n − 1 degrees of freedom
    Vs = var_s(x̄[s, ·]) / S             estimates σa²/S + σe²/(Sn)      S − 1
    Ve = var(residuals) / (Sn)          estimates σe²/(Sn)              (S − 1)(n − 1)
    V  = max(Vq + Vs − Ve, Vq, Vs)      estimates σa²/S + σb²/n + σe²/(Sn)

The residual is in both Vq and Vs and is taken out once; what is left is never below either of them, as for errors
clustered two ways (Cameron, Gelbach and Miller 2011). (mean − μ) / √V is taken as Student's t with the degrees of
freedom of Satterthwaite (1946): V² / Σ (V_i² / df_i), at least the smallest df_i. The 95 % interval covers 93 % to
97 % (tests/benchmarks/evidence.py), and up to 98 % of the differences of two equal entries whose seeds' means hardly
differ, where V is all but 0 and its floor counts.

A difference of two entries pairs the queries and not the seeds (two trainings with the same seed number share no
noise): Vq is that of the differences of the means over seeds, and each entry adds its own Vs − Ve. An entry with one
row of scores adds nothing: it is fixed (base, BM25), or its spread over seeds is unknown, which the caller has to
say.

Arrays are [seeds, queries, columns], one column per entry, measure or both; everything is column by column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.align import Floats, finite
from harness.stats.rules import LEVEL


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference, its standard error, and the degrees of freedom of the error.  Each [columns]

    Where the error is 0 the degrees of freedom are infinite.
    """

    value: Floats
    error: Floats
    freedom: Floats

    def interval(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return Student's interval, (low, high)."""
        half = student((1 + level) / 2, self.freedom) * self.error
        return self.value - half, self.value + half

    def at(self, place: tuple[int | slice, ...]) -> Estimate:
        """Return the part at a place of arrays with more dimensions."""
        return Estimate(self.value[place], self.error[place], self.freedom[place])


@dataclass(frozen=True)
class Noise:
    """Vs and Ve of one entry, each with its degrees of freedom."""

    seeds: tuple[Floats, float]
    residual: tuple[Floats, float]


def student(probability: float, freedom: Floats) -> Floats:
    """Return the quantile of Student's t, of the normal where `freedom` is infinite."""
    from scipy import stats

    return np.asarray(stats.t.ppf(probability, freedom), dtype=np.float64)


def over_queries(values: Floats) -> Estimate:
    """Return the mean over queries of scores averaged over seeds, for these seeds.  values [queries, columns]

    Raises ValueError for fewer than two queries.
    """
    values = finite(values, 2)
    n = len(values)
    if n < 2:
        raise ValueError("the mean of one query has no error")
    return _estimate(values.mean(axis=0), [(values.var(axis=0, ddof=1) / n, n - 1)])


def over_seeds(values: Floats) -> Estimate | None:
    """Return the mean over seeds of the means over queries, for these queries; None for one seed."""
    values = finite(values, 3)
    seeds = len(values)
    means = values.mean(axis=1)  # [seeds, columns]
    if seeds < 2:
        return None
    return _estimate(means.mean(axis=0), [(means.var(axis=0, ddof=1) / seeds, seeds - 1)])


def over_both(values: Floats) -> Estimate | None:
    """Return the mean over queries and seeds, for other queries and seeds; None for one seed."""
    values = finite(values, 3)
    return None if len(values) < 2 else paired(seed_mean(values), [seed_noise(values)])


def difference(new: Floats, old: Floats) -> Estimate:
    """Return the mean of `new` less that of `old` over queries and the seeds of each, the queries paired.

    Raises ValueError where their numbers of queries or columns differ.
    """
    new, old = finite(new, 3), finite(old, 3)
    if new.shape[1:] != old.shape[1:]:
        raise ValueError(f"cannot pair scores of shapes {new.shape} and {old.shape}")
    return paired(seed_mean(new) - seed_mean(old), [seed_noise(new), seed_noise(old)])


def seed_mean(values: Floats) -> Floats:
    """Return the mean over seeds, which of equal seeds is exactly their value: a sum / S may be off in the last bit."""
    mean: Floats = values[0] + (values - values[0]).mean(axis=0)
    return mean


def averaged(parts: Sequence[Estimate]) -> Estimate:
    """Return the unweighted average of independent estimates (languages: each has its own queries and models)."""
    if not parts:
        raise ValueError("nothing to average")
    value = np.mean([part.value for part in parts], axis=0)
    terms = [((part.error / len(parts)) ** 2, part.freedom) for part in parts]
    return _estimate(value, terms)


def joined(estimates: Sequence[Estimate]) -> Estimate:
    """Return several estimates as one, their columns side by side."""
    parts = (np.concatenate([getattr(part, name) for part in estimates]) for name in ("value", "error", "freedom"))
    return Estimate(*parts)


def seed_noise(values: Floats) -> Noise | None:
    """Return what an entry's seeds add to its variance; None for one seed.  values [seeds, queries, columns]"""
    seeds, n = values.shape[:2]
    if seeds < 2 or n < 2:
        return None
    means = values.mean(axis=1)  # [seeds, columns]
    residual = values - values.mean(axis=0) - means[:, None] + means.mean(axis=0)
    freedom = (seeds - 1) * (n - 1)
    spread = means.var(axis=0, ddof=1) / seeds
    return Noise((spread, seeds - 1), ((residual**2).sum(axis=(0, 1)) / freedom / (seeds * n), freedom))


def paired(scores: Floats, noises: Sequence[Noise | None]) -> Estimate:
    """Return the estimate of the mean of `scores` [queries, columns]: averages over seeds of entries with these noises.

    Raises ValueError for one query.
    """
    n = len(scores)
    if n < 2:
        raise ValueError("the mean of one query has no error")
    queries = scores.var(axis=0, ddof=1) / n
    seeds = [noise.seeds for noise in noises if noise]
    residuals = [noise.residual for noise in noises if noise]
    spread = sum((variance for variance, _ in seeds), np.zeros_like(queries))
    shared = sum((variance for variance, _ in residuals), np.zeros_like(queries))
    total = np.maximum.reduce([queries + spread - shared, queries, spread])
    return _estimate(scores.mean(axis=0), [(queries, n - 1), *seeds, *residuals], total)


def _estimate(value: Floats, terms: Sequence[tuple[Floats, Floats | float]], total: Floats | None = None) -> Estimate:
    """Return the estimate of variance `total` (the sum of the terms) with Satterthwaite's degrees of freedom."""
    total = np.sum([variance for variance, _ in terms], axis=0) if total is None else total
    squares = np.sum([variance**2 / freedom for variance, freedom in terms], axis=0)
    freedom = np.full_like(total, np.inf)
    np.divide(total**2, squares, out=freedom, where=squares > 0)
    least = np.min([np.broadcast_to(term_freedom, total.shape) for _, term_freedom in terms], axis=0)
    return Estimate(value, np.sqrt(total), np.maximum(freedom, least))


def two_sided_p(estimate: Estimate) -> Floats:
    """Return the p of "no difference", Student's t: at most .05 exactly where the 95 % interval does not hold 0.

    Where the error is 0: 1 for a difference of exactly 0, 0 for any other. NaN where the error is NaN.
    """
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(estimate.value) / estimate.error
    equal = (estimate.value == 0) & (estimate.error == 0)
    return np.asarray(np.where(equal, 1.0, 2 * stats.t.sf(t, estimate.freedom)))
