"""The rule of the verdicts: one table, over how close the level is and whether the gain is reproduced.

Claim and run score the same queries, so sampling of queries explains no difference between them; seeds do, and the
source reports one training. `reach` is how far one more training may lie from the run's mean over these queries: the
half-width of the 95 % prediction interval (harness.stats.prediction), infinite for one seed of what is trained.

The level is the number itself, with the margin m (1 point):

    same    |measured − published| is at most m
    open    it is larger, but within the reach: another seed could have given it
    other   it is larger than both

The gain is the difference to the paper's own control, claimed = published − published of the control. The
paired 95 % interval over queries and seeds (harness.stats.intervals.difference) says whether the run has a gain at all:
it is shown where 0 is outside. The reach of one more training of each side about the measured gain (at least TOLERANCE)
says whether the claimed number fits:

    none      the claim has no control
    size      a gain of the claimed sign is shown, the claimed gain is within the reach, and the reach is less than half
              of it, so that half of it or twice of it would not be
    unsized   the same with a larger reach: the claimed gain fits, and so would quite another
    sign      a gain of the claimed sign is shown, and the claimed gain is out of reach
    against   a gain of the opposite sign is shown; or none is, and the claimed gain is out of reach
    open      no gain is shown, and the claimed one is within the reach; or there is no complete interval: one query, or
              one seed of a trained entry, whose spread over seeds is unknown

A claim of no gain (under a tenth of a point, harness.stats.effect) is reproduced in size if the interval lies
within the margin, is open if the claimed gain is within the reach, and is against otherwise. The table:

    level    gain: none                      size             unsized, sign    against          open
    same     reproduced                      reproduced       direction only   not reproduced   inconclusive
    open     inconclusive (underpowered)     reproduced       direction only   not reproduced   inconclusive
    other    not reproduced                  direction only   direction only   not reproduced   inconclusive

`inconclusive (underpowered)` comes with the smallest gain that this run could detect with power .8. A claim that is not
comparable (harness.evidence.claims.claim_comparison, or its control was not measured) has a reason, and a claim that
was not measured has no verdict. tests/benchmarks/verdicts.py measures how often these verdicts are wrong; its table is
in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.stats.align import Floats
from harness.stats.effect import NEAR_ZERO, effect_ratio
from harness.stats.intervals import averaged
from harness.stats.power import minimum_detectable
from harness.stats.prediction import next_training, reach
from harness.stats.rules import MARGIN, excludes_zero, lies_within
from harness.stats.samples import gain

TOLERANCE = NEAR_ZERO  # of a gain: rounding, and what precision and batch size change (docs/traps.md, T10)

Parts = Sequence[Floats]  # the scores of an entry, one array per language, [seeds, queries, 1]

Word = Literal["reproduced", "direction only", "not reproduced", "inconclusive (underpowered)", "not comparable", ""]
Levels = Literal["same", "open", "other"]
Gains = Literal["none", "size", "unsized", "sign", "against", "open"]

TABLE: Mapping[tuple[Levels, Gains], Word] = {
    ("same", "none"): "reproduced",
    ("same", "size"): "reproduced",
    ("same", "unsized"): "direction only",
    ("same", "sign"): "direction only",
    ("same", "against"): "not reproduced",
    ("same", "open"): "inconclusive (underpowered)",
    ("open", "none"): "inconclusive (underpowered)",
    ("open", "size"): "reproduced",
    ("open", "unsized"): "direction only",
    ("open", "sign"): "direction only",
    ("open", "against"): "not reproduced",
    ("open", "open"): "inconclusive (underpowered)",
    ("other", "none"): "not reproduced",
    ("other", "size"): "direction only",
    ("other", "unsized"): "direction only",
    ("other", "sign"): "direction only",
    ("other", "against"): "not reproduced",
    ("other", "open"): "inconclusive (underpowered)",
}


@dataclass(frozen=True)
class Level:
    """A published number and the run's; `reach` of one more training: 0 if untrained, ∞ for one seed."""

    published: float
    measured: float
    reach: float

    def judged(self, margin: float = MARGIN) -> Levels:
        """Return the state of the level; `margin` is in units of the measure."""
        distance = abs(self.measured - self.published)
        if distance <= margin:
            return "same"
        return "open" if distance <= self.reach else "other"


@dataclass(frozen=True)
class Gain:
    """A claimed difference to the control and the run's, with its interval and the smallest detectable gain.

    `reach` is that of one more training of each side; infinite where a trained side has one seed, so that the spread
    over seeds is not in the interval either.
    """

    claimed: float
    measured: float
    low: float
    high: float
    detectable: float
    reach: float

    @property
    def ratio(self) -> float | None:
        """The effect ratio: measured / claimed, None where nearly no gain is claimed."""
        return effect_ratio(self.claimed, self.measured)

    def judged(self, margin: float = MARGIN) -> Gains:
        """Return the state of the gain; `margin` is in units of the measure."""
        if math.isinf(self.reach) or math.isnan(self.low) or math.isnan(self.high):
            return "open"
        fits = abs(self.claimed - self.measured) <= max(self.reach, TOLERANCE)
        if abs(self.claimed) < NEAR_ZERO:
            if lies_within(self.low, self.high, margin):
                return "size"
        elif excludes_zero(self.low, self.high):
            if (self.low > 0) != (self.claimed > 0):
                return "against"
            if not fits:
                return "sign"
            return "size" if self.reach < abs(self.claimed) / 2 else "unsized"
        return "open" if fits else "against"


def judge(level: Level, gained: Gain | None, margin: float = MARGIN) -> Word:
    """Return the verdict of the table."""
    return TABLE[level.judged(margin), gained.judged(margin) if gained else "none"]


def level_of(published: float, scores: Parts, *, trained: bool) -> Level:
    """Return a published mean beside that of `scores`."""
    mean = float(np.mean([values.mean() for values in scores]))
    return Level(published, mean, reach(next_training(scores, trained=trained)))


def gain_of(claimed: float, sides: tuple[Parts, Parts], *, trained: tuple[bool, bool]) -> Gain:
    """Return a claimed gain beside that of two entries; `sides` and `trained`: of the entry, then of its control."""
    estimate = averaged([gain(new, old) for new, old in zip(*sides, strict=True)])
    low, high = estimate.interval()
    new, old = (next_training(parts, trained=learned) for parts, learned in zip(sides, trained, strict=True))
    return Gain(
        claimed,
        measured=float(estimate.value[0]),
        low=float(low[0]),
        high=float(high[0]),
        detectable=float(minimum_detectable(estimate)[0]),
        reach=reach(new, old),
    )
