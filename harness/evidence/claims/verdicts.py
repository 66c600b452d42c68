"""Verdicts on published claims: one table, over how close the level is and whether the gain is reproduced.

The level is the number itself. Claim and run score the same queries, so sampling of queries explains no difference;
seeds do, and the source reports one run. With the margin m (1 point) and, for a trained entry with S seeds whose means
have standard deviation sd, the reach of one more training over these queries, t[.975, S − 1] · sd · √(1 + 1/S) (the
prediction interval; 0 for an untrained entry, infinite for one seed):

    same    |measured − published| is at most m
    open    it is larger, but within the reach: another seed could have given it
    other   it is larger than both

The gain is the difference to the paper's own control, claimed = published − published of the control, measured with
the paired 95 % interval over queries and seeds (harness.stats.intervals.difference):

    none      the claim has no control
    size      a gain of the claimed sign is shown (0 is outside the interval), and the interval holds the claimed gain
    sign      a gain of the claimed sign is shown, of another size
    against   the claimed gain is outside, and none of its sign is shown; or the opposite sign is shown
    open      both 0 and the claimed gain are in the interval, which cannot tell them apart; or there is no complete
              interval: one query, or one seed of a trained entry, whose spread over seeds is unknown

A claim of no gain (under a tenth of a point, harness.stats.effect) is reproduced in size if the interval lies
within the margin, is open if the claimed gain is in the interval, and is against otherwise. The table:

    level    gain: none                      size             sign             against          open
    same     reproduced                      reproduced       direction only   not reproduced   inconclusive
    open     inconclusive (underpowered)     reproduced       direction only   not reproduced   inconclusive
    other    not reproduced                  direction only   direction only   not reproduced   inconclusive

`inconclusive (underpowered)` comes with the smallest gain that this run could detect with power .8. A claim that is not
comparable (harness.evidence.claims.claim_comparison, or a control that was not measured) has a reason, and a claim that
was not measured has no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from harness.evidence.claims.claim import Claim
from harness.evidence.claims.claim_comparison import Comparison, compare, incomparable
from harness.evidence.claims.claims_file import load
from harness.results.folder import ResultFolder
from harness.stats.effect import NEAR_ZERO, effect_ratio
from harness.stats.entry_scores import EntryScores
from harness.stats.intervals import Estimate, averaged, over_seeds, student
from harness.stats.power import minimum_detectable
from harness.stats.rules import LEVEL, MARGIN, excludes_zero, lies_within
from harness.stats.samples import gain

ROUNDING = 1e-4  # of a gain: the difference of two numbers published with two decimals × 100
UNMEASURED = "not measured in this run"

Word = Literal["reproduced", "direction only", "not reproduced", "inconclusive (underpowered)", "not comparable", ""]
Levels = Literal["same", "open", "other"]
Gains = Literal["none", "size", "sign", "against", "open"]

TABLE: Mapping[tuple[Levels, Gains], Word] = {
    ("same", "none"): "reproduced",
    ("same", "size"): "reproduced",
    ("same", "sign"): "direction only",
    ("same", "against"): "not reproduced",
    ("same", "open"): "inconclusive (underpowered)",
    ("open", "none"): "inconclusive (underpowered)",
    ("open", "size"): "reproduced",
    ("open", "sign"): "direction only",
    ("open", "against"): "not reproduced",
    ("open", "open"): "inconclusive (underpowered)",
    ("other", "none"): "not reproduced",
    ("other", "size"): "direction only",
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

    `blind`: one side is trained and has one seed, so the spread over seeds is not in the interval.
    """

    claimed: float
    measured: float
    low: float
    high: float
    detectable: float
    blind: bool = False

    @property
    def ratio(self) -> float | None:
        """The effect ratio: measured / claimed, None where nearly no gain is claimed."""
        return effect_ratio(self.claimed, self.measured)

    def judged(self, margin: float = MARGIN) -> Gains:
        """Return the state of the gain; `margin` is in units of the measure."""
        if self.blind or math.isnan(self.low) or math.isnan(self.high):
            return "open"
        inside = self.low - ROUNDING <= self.claimed <= self.high + ROUNDING
        if abs(self.claimed) < NEAR_ZERO:
            if lies_within(self.low, self.high, margin):
                return "size"
        elif excludes_zero(self.low, self.high):
            same_sign = (self.low > 0) == (self.claimed > 0)
            return ("size" if inside else "sign") if same_sign else "against"
        return "open" if inside else "against"


@dataclass(frozen=True)
class Line:
    """One claim, what the run measured of it, and the verdict, or the reasons why there is none."""

    claim: Claim
    verdict: Word
    reasons: tuple[str, ...] = ()
    level: Level | None = None
    gain: Gain | None = None
    comparison: Comparison = field(default_factory=Comparison)  # of the conditions of claim and run

    @property
    def reason(self) -> str:
        """The reasons as one text, "" without any."""
        text = "; ".join(self.reasons)
        return f"not comparable: {text}" if self.verdict == "not comparable" else text

    @property
    def measured(self) -> float | None:
        """The run's own mean, None if there is none to compare with the claim."""
        return self.level.measured if self.level else None


def judge(level: Level, gained: Gain | None, margin: float = MARGIN) -> Word:
    """Return the verdict of the table."""
    return TABLE[level.judged(margin), gained.judged(margin) if gained else "none"]


def verdicts_on(results: ResultFolder) -> list[Line]:
    """Return every bundled claim with its verdict on a run, in the file's order."""
    claims = load()
    return [
        replace(_line(claim, _control(claim, claims), results), comparison=compare(claim, results)) for claim in claims
    ]


def verdicts_by_row(lines: Iterable[Line], suite: str) -> dict[tuple[str, str, str], Word]:
    """Return the verdict of each (entry, language, measure) of a suite that exactly one claim is about.

    Claims that are not comparable count only if all claims on the row are: of everything published on a row, one may
    be about the same thing.
    """
    by_row: dict[tuple[str, str, str], list[Word]] = {}
    for line in lines:
        claim = line.claim
        if claim.suite == suite.partition("@")[0] and line.verdict:
            by_row.setdefault((claim.entry, claim.language, claim.measure), []).append(line.verdict)
    judged = {row: [word for word in words if word != "not comparable"] or words for row, words in by_row.items()}
    return {row: words[0] for row, words in judged.items() if len(words) == 1}


def _control(claim: Claim, claims: Sequence[Claim]) -> Claim | None:
    """Return what the same paper publishes about the claim's control; None if there is none, or several."""
    control = (claim.paper, claim.control, claim.suite, claim.language, claim.measure)
    matches = [
        other for other in claims if (other.paper, other.entry, other.suite, other.language, other.measure) == control
    ]
    return matches[0] if claim.control and len(matches) == 1 else None


def _line(claim: Claim, control: Claim | None, results: ResultFolder) -> Line:
    if reasons := incomparable(claim, results):
        return Line(claim, "not comparable", tuple(reasons))
    scores = _scores(claim, results)
    if scores is None:
        return Line(claim, "", (UNMEASURED,))
    mean = float(np.mean([values.mean() for values in scores]))
    level = Level(claim.value, mean, _reach(scores) if results.trains(claim.entry) else 0.0)
    if control is None:
        return Line(claim, judge(level, None), level=level)
    control_scores = _scores(control, results)
    reasons = incomparable(control, results) or ([] if control_scores else [UNMEASURED])
    if control_scores is None or reasons:
        first, *others = reasons
        return Line(claim, "not comparable", (f"its control {control.entry}: {first}", *others), level)
    sides = ((claim.entry, scores), (control.entry, control_scores))
    blind = any(results.trains(entry) and min(map(len, values)) < 2 for entry, values in sides)
    gained = replace(_gain(claim.value - control.value, scores, control_scores), blind=blind)
    return Line(claim, judge(level, gained), level=level, gain=gained)


def _scores(claim: Claim, results: ResultFolder) -> list[np.ndarray] | None:
    """Return the scores of a claim's entry, one array per language, [seeds, queries, 1]; None if one is missing."""
    languages = claim.of or (claim.language,)
    scored: list[EntryScores | None] = [results.scored.get((claim.entry, language)) for language in languages]
    if any(scores is None for scores in scored):
        return None
    i = results.measures.index(claim.measure)
    return [scores.values[:, :, i : i + 1] for scores in scored if scores is not None]


def _reach(scores: Iterable[np.ndarray]) -> float:
    """Return how far another training may lie from the mean, over these queries; infinite for one seed."""
    predictions = []
    for values in scores:
        estimate = over_seeds(values)
        if estimate is None:
            return math.inf
        predictions.append(Estimate(estimate.value, estimate.error * math.sqrt(len(values) + 1), estimate.freedom))
    mean = averaged(predictions)
    return float((student((1 + LEVEL) / 2, mean.freedom) * mean.error)[0])


def _gain(claimed: float, scores: Sequence[np.ndarray], control_scores: Sequence[np.ndarray]) -> Gain:
    estimate = averaged([gain(new, old) for new, old in zip(scores, control_scores, strict=True)])
    low, high = estimate.interval()
    detectable = minimum_detectable(estimate)
    return Gain(claimed, float(estimate.value[0]), float(low[0]), float(high[0]), float(detectable[0]))
