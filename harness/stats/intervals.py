"""The error of a mean over queries, over seeds, and over both, and of a paired difference.

Scores x[s, q] of S seeds and n queries follow the two-way random-effects model (Searle, Casella and McCulloch 1992,
chapter 4): x[s, q] = μ + a[s] + b[q] + e[s, q]. With Vq, Vs and Ve what the variances of the query means, of the seed
means and of the residuals contribute to the variance of the mean of all,

    Vq = var_q(x̄[·, q]) / n             estimates σb²/n + σe²/(Sn)      n − 1 degrees of freedom
    Vs = var_s(x̄[s, ·]) / S             estimates σa²/S + σe²/(Sn)      S − 1
    Ve = var(residuals) / (Sn)          estimates σe²/(Sn)              (S − 1)(n − 1)
    V  = max(Vq + Vs − Ve, Vq, Vs)      estimates σa²/S + σb²/n + σe²/(Sn)

The residual is in both Vq and Vs and is taken out once; what is left is never below either of them, as for errors
clustered two ways (Cameron, Gelbach and Miller 2011). The half-width of the 1 − 2α interval is

    √( t²[α, n − 1] (V − Vs) + t²[α, df] Vs )

with a quantile for queries and one for seeds (after Banerjee 1961, Sankhyā A 23, pages 359 to 378: of independent
variances such an interval covers at least 1 − 2α, whatever their true sizes); df are those of Satterthwaite (1946) for
the seeds of several entries, Vs² / Σ (Vs_i² / df_i). One t with Satterthwaite's degrees of freedom for V as a whole
(`freedom`) does as well at α = .05, but is too sure at the small α of a corrected test where two or three seeds agree
by chance (docs/statistics.md).

A difference of two entries pairs the queries and not the seeds (two trainings with the same seed number share no
noise): Vq is that of the differences of the means over seeds, and each entry adds its own Vs − Ve. An entry with one
row of scores adds nothing: it is fixed (base, BM25), or its spread over seeds is unknown, which the caller has to
say.

Arrays are [seeds, queries, columns], one column per entry, measure or both; everything is column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats, finite
from harness.stats.rules import LEVEL

_HALVINGS = 40  # of the logarithm of a p between two bounds: to ten digits
_SMALLEST = 1e-100  # a tail below it is not told from 0, nor does SciPy invert it

Place = tuple[int | slice | NDArray[np.int64], ...]  # in arrays of several dimensions
Term = tuple[Floats, Floats]  # a part of a variance, and its degrees of freedom


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference, its standard error, and the degrees of freedom of the error.  Each [columns]

    Where the error is 0 the degrees of freedom are infinite. `parts` are those of the variance error²: of queries, and
    of seeds; empty for a variance of one kind.
    """

    value: Floats
    error: Floats
    freedom: Floats
    parts: tuple[Term, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """The parts of the variance: at least one."""
        return self.parts or ((self.error**2, self.freedom),)

    def half_width(self, tail: float | Floats) -> Floats:
        """Return the distance from the value that is exceeded on one side with probability `tail`, 0 < tail ≤ ½.

        The quantile is that of scipy.stats.t to the last bit, without what its classes add to a call: `upper_p` makes
        many.
        """
        from scipy.special import stdtrit

        with np.errstate(invalid="ignore", over="ignore"):  # a part of 0 times an infinite quantile
            squares = [np.where(part == 0, 0.0, part * stdtrit(freedom, tail) ** 2) for part, freedom in self.terms]
        return np.asarray(np.sqrt(np.sum(squares, axis=0)))

    def interval(self, level: float = LEVEL) -> tuple[Floats, Floats]:
        """Return Student's interval, (low, high)."""
        half = self.half_width((1 - level) / 2)
        return self.value - half, self.value + half

    def at(self, place: Place) -> Estimate:
        """Return the part at a place of arrays with more dimensions."""
        return self.each(lambda values: values[place])

    def each(self, change: Callable[[Floats], Floats]) -> Estimate:
        """Return the estimate with the same change made to every array."""
        parts = tuple((change(variance), change(freedom)) for variance, freedom in self.parts)
        return Estimate(change(self.value), change(self.error), change(self.freedom), parts)


@dataclass(frozen=True)
class Noise:
    """Vs and Ve of one entry, each with its degrees of freedom."""

    seeds: tuple[Floats, float]
    residual: tuple[Floats, float]


def student(probability: float | Floats, freedom: Floats) -> Floats:
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
    whole = [((part.error / len(parts)) ** 2, part.freedom) for part in parts]
    kinds = zip_longest(*(part.terms for part in parts))
    scaled = [[(term[0] / len(parts) ** 2, term[1]) for term in kind if term] for kind in kinds]
    return _estimate(value, whole, parts=tuple(map(_together, scaled)))


def independent_difference(new: Estimate, old: Estimate) -> Estimate:
    """Return the difference of two independent estimates: their variances add up."""
    return _estimate(new.value - old.value, [(new.error**2, new.freedom), (old.error**2, old.freedom)])


def joined(estimates: Sequence[Estimate]) -> Estimate:
    """Return several estimates as one, their columns side by side."""
    value, error, freedom = (
        np.concatenate([getattr(part, name) for part in estimates]) for name in ("value", "error", "freedom")
    )
    nothing = [(np.zeros_like(part.error), np.full_like(part.error, np.inf)) for part in estimates]
    kinds = zip_longest(*(part.terms for part in estimates))
    filled = [[term or none for term, none in zip(kind, nothing, strict=True)] for kind in kinds]
    parts = [tuple(np.concatenate(arrays) for arrays in zip(*kind, strict=True)) for kind in filled]
    return Estimate(value, error, freedom, tuple((variance, freedom) for variance, freedom in parts))


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
    if not seeds:
        return _estimate(scores.mean(axis=0), [(queries, n - 1)])
    spread, shared = (np.sum([variance for variance, _ in terms], axis=0) for terms in (seeds, residuals))
    total = np.maximum.reduce([queries + spread - shared, queries, spread])
    parts = (total - spread, np.full_like(total, n - 1)), _together(seeds)
    return _estimate(scores.mean(axis=0), [(queries, n - 1), *seeds, *residuals], total, parts)


def _estimate(
    value: Floats,
    terms: Sequence[tuple[Floats, Floats | float]],
    total: Floats | None = None,
    parts: tuple[Term, ...] = (),
) -> Estimate:
    """Return the estimate of variance `total` (the sum of the terms) with Satterthwaite's degrees of freedom."""
    variance, freedom = _together(terms, total)
    return Estimate(value, np.sqrt(variance), freedom, parts if len(parts) > 1 else ())


def _together(terms: Sequence[tuple[Floats, Floats | float]], total: Floats | None = None) -> Term:
    """Return the sum of variances, or `total`, with Satterthwaite's degrees of freedom, at least the smallest."""
    total = np.sum([variance for variance, _ in terms], axis=0) if total is None else total
    squares = np.sum([variance**2 / freedom for variance, freedom in terms], axis=0)
    freedom = np.full_like(total, np.inf)
    np.divide(total**2, squares, out=freedom, where=squares > 0)
    least = np.min([np.broadcast_to(term_freedom, total.shape) for _, term_freedom in terms], axis=0)
    return total, np.maximum(freedom, least)


def upper_p(estimate: Estimate, distance: Floats) -> Floats:
    """Return the one-sided p of a value `distance` above what is tested: the tail whose half-width is the distance.

    0 where the error is 0 and the distance is not, NaN where both are 0 or the error is NaN.
    """
    from scipy.special import stdtr

    size = np.abs(distance)
    with np.errstate(divide="ignore", invalid="ignore"):
        tails = [stdtr(freedom, -size / estimate.error) for _, freedom in estimate.terms]
    low, high = np.min(tails, axis=0), np.max(tails, axis=0)  # of one kind: equal
    if len(tails) > 1:
        for _ in range(_HALVINGS):
            middle = np.sqrt(np.maximum(low, _SMALLEST) * high)
            wider = estimate.half_width(middle) > size
            low, high = np.where(wider, middle, low), np.where(wider, high, middle)
    return np.asarray(np.where(distance < 0, 1 - high, high))


def two_sided_p(estimate: Estimate) -> Floats:
    """Return the p of "no difference": at most .05 exactly where the 95 % interval does not hold 0.

    Where the error is 0: 1 for a difference of exactly 0, 0 for any other. NaN where the error is NaN.
    """
    equal = (estimate.value == 0) & (estimate.error == 0)
    return np.asarray(np.where(equal, 1.0, 2 * upper_p(estimate, np.abs(estimate.value))))
