"""How large a paired difference is, beside whether there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.stats.align import Floats, finite

TIE = 1e-9  # in units of the measure: a difference that is rounding only; raise it to what a reader would not notice


@dataclass(frozen=True)
class Effect:
    """Of differences [queries, columns], column by column.

    mean            in units of the measure; its interval is that of harness.stats.intervals.difference
    standardised    d_z = mean / standard deviation (ddof 1) of the differences (Cohen 1988, section 2.3.5);
                    NaN where all differences are equal
    wins, ties, losses   how many queries differ by more than the tie threshold, upwards or downwards, or do not
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
