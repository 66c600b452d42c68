"""Size of a paired difference, absolute and as a ratio to a published one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.stats.align import Floats, finite

TIE = 1e-9  # in units of the measure: differences up to here are rounding; raise it to what a reader would not notice
NEAR_ZERO = 0.001  # in units of the measure, a tenth of a point: a gain below it is none; papers print hundredths


@dataclass(frozen=True)
class Effect:
    """The effect of differences [queries, columns], column by column.

    mean            in units of the measure; its interval is that of harness.stats.intervals.difference
    standardised    d_z = mean / standard deviation (ddof 1) of the differences (Cohen 1988, section 2.3.5);
                    NaN where all differences are equal
    wins, losses    number of queries that differ by more than the tie threshold, upwards and downwards
    ties            number of the other queries
    """

    mean: Floats
    standardised: Floats
    wins: Floats
    ties: Floats
    losses: Floats


def effect(differences: Floats, tie: float = TIE) -> Effect:
    """Return the effect of differences [queries, columns]; a difference of `tie` or less is a tie."""
    differences = finite(differences, 2)
    if tie < 0:
        raise ValueError(f"a tie threshold cannot be negative: {tie}")
    mean = differences.mean(axis=0)
    constant = np.ptp(differences, axis=0) == 0
    spread = differences.std(axis=0, ddof=1) if len(differences) > 1 else np.zeros_like(mean)
    standardised = np.full_like(mean, np.nan)
    np.divide(mean, spread, out=standardised, where=~constant & (spread > 0))
    wins, losses = (differences > tie).sum(axis=0), (differences < -tie).sum(axis=0)
    return Effect(mean, standardised, wins, len(differences) - wins - losses, losses)


def effect_ratio(original: float, reproduced: float, near: float = NEAR_ZERO) -> float | None:
    """Return reproduced / original, each the mean gain of an advanced entry over a baseline.

    The effect ratio of Breuer et al. (SIGIR 2020). 1: the whole effect was reproduced; between 0 and 1: a part of it;
    0 or less: none, or the opposite. None where the original is less than `near` from 0: undefined, not huge. Raises
    ValueError for gains that are not finite.
    """
    if not (math.isfinite(original) and math.isfinite(reproduced)):
        raise ValueError(f"cannot compare gains that are not finite: {original}, {reproduced}")
    return None if abs(original) < near else reproduced / original
