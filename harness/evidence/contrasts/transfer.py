"""The rule of transfer verdicts: what the same contrast shows on other data or another base model.

A published contrast says that an entry scores higher than its control, lower, or the same. Its size belongs to the
published setting, so that elsewhere only its direction is judged, by the paired difference over queries and seeds
(harness.stats.intervals.difference):

    same direction   a difference of the claimed sign is shown (p ≤ α)
    reversed         a difference of the other sign is shown; where none is claimed, any that is shown and not shown to
                     be within the margin
    equivalent       otherwise, two one-sided tests show the difference to lie within the margin (p ≤ α)
    undecided        neither is shown; comes with the smallest true difference that the run would have found (power .8)

Where none is claimed, the two one-sided tests come first. Both p are Holm's within the contrasts of one folder,
language and measure: planned comparisons, a smaller family than all pairs of entries, from which letters and ranks
follow. With one seed of a trained side nothing is shown. A transfer verdict says nothing about the published number and
is never called "reproduced". tests/benchmarks/transfers.py measures its error rates; docs/statistics.md has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.evidence.contrasts.published import Claimed
from harness.stats.equivalence import tost
from harness.stats.intervals import Estimate, joined, two_sided_p
from harness.stats.multiple import holm_by_column
from harness.stats.power import minimum_detectable
from harness.stats.rules import ALPHA, MARGIN, is_equivalent, is_shown

Word = Literal["same direction", "reversed", "equivalent", "undecided"]


@dataclass(frozen=True)
class Difference:
    """An entry less its control in one language (or averaged) and measure; numbers in units of the measure.

    `p` and `p_equivalence` are Holm's, NaN where `blind`: a trained side has one seed, so that its spread over seeds is
    unknown and not in the interval. `detectable`: the smallest true difference that is found with power .8 at Holm's
    step for this contrast, α / `step`, where `step` is how many contrasts of the family are not shown, at least 1; NaN
    over one query or where `blind`. `error`² is the sum of the two variances.
    """

    value: float
    low: float
    high: float
    error: float
    query_variance: float
    seed_variance: float
    p: float
    p_equivalence: float
    detectable: float
    step: float
    blind: bool
    identical: bool

    @property
    def within_margin(self) -> bool:
        """Whether the difference is shown to lie within the margin."""
        return is_equivalent(self.p_equivalence)


def word_of(claimed: Claimed, difference: Difference) -> Word:
    """Return the verdict of the rule."""
    if claimed == "equal" and difference.within_margin:
        return "equivalent"
    if is_shown(difference.p):
        sign = "higher" if difference.value > 0 else "lower"
        return "same direction" if sign == claimed else "reversed"
    return "equivalent" if difference.within_margin else "undecided"


def family(
    estimates: Sequence[Estimate], blind: Sequence[bool], identical: Sequence[Sequence[bool]], margin: float = MARGIN
) -> list[tuple[Difference, ...]]:
    """Return the differences of one family of contrasts: one list item each, in it one difference per measure.

    `estimates` and `identical` have one value per measure. The p of each measure are corrected among the contrasts that
    are not blind and have an error.
    """
    if not estimates:
        return []
    shape = (len(estimates), len(estimates[0].value))
    together = joined(estimates)
    queries, *seeds = (variance for variance, _ in together.terms)
    hidden = np.repeat(np.asarray(blind, dtype=np.bool_), shape[1])
    low, high = together.interval()
    p = holm_by_column(np.where(hidden, np.nan, two_sided_p(together)).reshape(shape))
    steps = np.broadcast_to(np.maximum(1, (p > ALPHA).sum(axis=0)), shape)
    columns = {
        "value": together.value,
        "low": low,
        "high": high,
        "error": together.error,
        "query_variance": queries,
        "seed_variance": seeds[0] if seeds else np.zeros_like(queries),
        "p": p,
        "p_equivalence": holm_by_column(np.where(hidden, np.nan, tost(together, margin)).reshape(shape)),
        "detectable": np.where(hidden, np.nan, minimum_detectable(together, ALPHA / steps.ravel())),
        "step": steps,
    }
    numbers = {name: values.reshape(shape) for name, values in columns.items()}
    return [
        tuple(
            Difference(
                **{name: float(values[i, j]) for name, values in numbers.items()},
                blind=bool(blind[i]),
                identical=bool(identical[i][j]),
            )
            for j in range(shape[1])
        )
        for i in range(shape[0])
    ]
