"""Decisions of the regression gate: did quality fall, for each comparison of a family of results with their baselines.

The difference new − old is that of harness.stats.intervals: queries are paired, and the spread over seeds of both sides
is part of its error, since equal entries trained with other seeds differ too. Each comparison takes one-sided t tests
at α, corrected by Holm within the family (all comparisons of one check):

    regression    the difference is shown to be below −margin: the corrected upper bound is below −margin
    warning       it is shown to be below 0, but not below −margin
    improvement   it is shown to be above 0
    spread        none of these, but the new seeds are shown to spread more or less than the old ones (two-sided F test
                  of the variances of the seeds' means, Holm within the family): the same level, another stability
    same          none of these, which does not show equality (see harness.stats.equivalence)

If all losses are at most the margin, the chance that any of the family is called a regression is at most α; so is the
chance of any false warning where nothing was lost. A bound is where Holm's decision turns: the least u for which
"the difference is u or more" is rejected at α when the whole family is tested against the same u, so that bound and
decision never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.stats.align import Floats
from harness.stats.intervals import Estimate, difference, joined
from harness.stats.multiple import holm
from harness.stats.power import minimum_detectable
from harness.stats.rules import ALPHA, GATE_POWER, MARGIN, are_shown, is_shown

_HALVINGS = 40  # of at most a few units of the measure: to 1e-12

Verdict = Literal["regression", "warning", "improvement", "spread", "same"]


@dataclass(frozen=True)
class Comparison:
    """The scores of one entry, language and measure, before and after.  Each [seeds, queries], queries in one order.

    `trained`: its scores depend on a seed. One seed of a trained entry shows no spread.
    """

    name: str
    new: Floats
    old: Floats
    trained: bool = True

    @property
    def blind(self) -> bool:
        """Whether the entry is trained and a side has one seed, so that its spread over seeds is unknown."""
        return self.trained and min(len(self.new), len(self.old)) < 2


@dataclass(frozen=True)
class Decision:
    """The decision on one comparison; numbers in units of the measure.

    `low` and `high` are the corrected one-sided bounds, each at α within the family. `detectable` is the true
    loss that would be called a regression with probability GATE_POWER, at Bonferroni's level α / m (Holm's is never
    stricter). `spread_ratio` is the standard deviation over seeds, new / old, None where a side has no spread.
    `blind`: the spread over seeds is unknown and not in the bounds.
    """

    name: str
    verdict: Verdict
    difference: float
    low: float
    high: float
    p_regression: float
    p_loss: float
    p_gain: float
    p_spread: float
    spread_ratio: float | None
    detectable: float
    blind: bool


def decide(comparisons: Sequence[Comparison], margin: float = MARGIN) -> list[Decision]:
    """Return the decisions on a family of comparisons, in their order.

    Raises ValueError for a negative margin, an empty family, queries that do not pair, and scores that are not finite.
    """
    if margin < 0:
        raise ValueError(f"a margin cannot be negative: {margin}")
    estimate = _whole(differences(comparisons))
    regression, loss = holm(one_sided_p(estimate, -margin)), holm(one_sided_p(estimate, 0.0))
    gain = holm(one_sided_p(_mirrored(estimate), 0.0))
    spread, ratios = _spreads(comparisons)
    high, low = _bounds(estimate), -_bounds(_mirrored(estimate))
    detectable = margin + minimum_detectable(estimate, ALPHA / len(comparisons), GATE_POWER, two_sided=False)
    decisions = []
    for i, comparison in enumerate(comparisons):
        p = (float(regression[i]), float(loss[i]), float(gain[i]), float(spread[i]))
        decisions.append(
            Decision(
                name=comparison.name,
                verdict=_verdict(p),
                difference=float(estimate.value[i]),
                low=float(low[i]),
                high=float(high[i]),
                p_regression=p[0],
                p_loss=p[1],
                p_gain=p[2],
                p_spread=p[3],
                spread_ratio=ratios[i],
                detectable=float(detectable[i]),
                blind=comparison.blind,
            )
        )
    return decisions


def differences(comparisons: Sequence[Comparison]) -> Estimate:
    """Return the differences of a family as one estimate.  [comparisons]"""
    if not comparisons:
        raise ValueError("no comparison to decide on")
    return joined([difference(pair.new[:, :, None], pair.old[:, :, None]) for pair in comparisons])


def _verdict(p: tuple[float, float, float, float]) -> Verdict:
    names: tuple[Verdict, ...] = ("regression", "warning", "improvement", "spread")
    return next((name for name, value in zip(names, p, strict=True) if is_shown(value)), "same")


def _whole(estimate: Estimate) -> Estimate:
    """Return the estimate with one t of Satterthwaite's degrees of freedom, which the search for bounds needs."""
    return Estimate(estimate.value, estimate.error, estimate.freedom)


def _mirrored(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.value, estimate.error, estimate.freedom)


def one_sided_p(estimate: Estimate, bound: float | Floats) -> Floats:
    """Return the one-sided p of "the difference is `bound` or more".  bound: a number, or [bounds, 1]"""
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):  # an error of 0: ±∞, or NaN on the bound itself
        t = (estimate.value - bound) / estimate.error
    return np.where(np.isnan(t), 1.0, stats.t.cdf(t, estimate.freedom))


def _bounds(estimate: Estimate) -> Floats:
    """Return the corrected upper bounds, by halving between the uncorrected ones and Bonferroni's."""
    from scipy import stats

    m = len(estimate.value)
    low = estimate.value + stats.t.isf(ALPHA, estimate.freedom) * estimate.error
    high = estimate.value + stats.t.isf(ALPHA / m, estimate.freedom) * estimate.error
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rejected = are_shown(np.diagonal(holm(one_sided_p(estimate, middle[:, None]))))
        low, high = np.where(rejected, low, middle), np.where(rejected, middle, high)
    return np.asarray(high)


def _spreads(comparisons: Sequence[Comparison]) -> tuple[Floats, list[float | None]]:
    """Return the adjusted p of equal variances over seeds, and the ratios of the standard deviations."""
    from scipy import stats

    p, ratios = np.ones(len(comparisons)), list[float | None]()
    for i, pair in enumerate(comparisons):
        if min(len(pair.new), len(pair.old)) < 2:
            ratios.append(None)
            continue
        new, old = (values.mean(axis=1).var(ddof=1) for values in (pair.new, pair.old))
        ratios.append(float(np.sqrt(new / old)) if old > 0 else None)
        if new > 0 and old > 0:
            tail = stats.f.cdf(new / old, len(pair.new) - 1, len(pair.old) - 1)
            p[i] = 2 * min(tail, 1 - tail)
    return holm(p), ratios
