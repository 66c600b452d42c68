"""Verdicts on published claims: one table, over how near the level comes and whether the gain comes back.

The level is the number itself. Claim and run score the same queries, so that other queries excuse no difference; other
seeds do, and the source gives one run. With the margin m (1 point) and, of a trained entry with S seeds whose means
spread by sd, the reach of one more training over these queries, t[.975, S − 1] · sd · √(1 + 1/S) (the prediction
interval; none for what is not trained, endless for one seed):

    same    measured − published is at most m
    open    it is more, but within the reach: another seed could have given it
    other   it is more than both

The gain is the difference to the paper's own control, claimed = published − published of the control, measured with
the paired 95 % interval over queries and seeds (harness.stats.intervals.difference):

    none      the claim has no control
    size      a gain of the claimed sign is shown (the interval has no 0 in it), and the claimed one is in the interval
    sign      a gain of the claimed sign is shown, of another size
    against   the claimed gain is outside, and none of its sign is shown; or the opposite sign is
    open      both 0 and the claimed gain are in the interval: it cannot tell them apart; or there is no whole interval,
              as of one query, or of one seed of what is trained, whose spread from seed to seed is unknown

A claim of no gain (under a tenth of a point, harness.stats.effect) comes back in size where the interval lies
within the margin, is open where the claimed one is in it, and else against. The table:

    level    gain: none                      size             sign             against          open
    same     reproduced                      reproduced       direction only   not reproduced   inconclusive
    open     inconclusive (underpowered)     reproduced       direction only   not reproduced   inconclusive
    other    not reproduced                  direction only   direction only   not reproduced   inconclusive

`inconclusive (underpowered)` carries the smallest gain that this run would have found with power .8. What is not
comparable (harness.evidence.claims.published, or a control that was not measured) says why, and what was not measured
has no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from harness.evidence.claims.published import NOT, Claim, comparable, load
from harness.stats.effect import NEAR_ZERO, effect_ratio
from harness.stats.entry_scores import EntryScores
from harness.stats.intervals import Estimate, averaged, over_seeds, student
from harness.stats.power import minimum_detectable
from harness.stats.rules import LEVEL, MARGIN, excludes_zero, lies_within
from harness.stats.samples import gain

if TYPE_CHECKING:
    from harness.evidence.leaderboard import Leaderboard

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
    """A published number and the run's; `reach` of one more training: 0 for the untrained, ∞ for one seed."""

    published: float
    measured: float
    reach: float

    def judged(self, margin: float = MARGIN) -> Levels:
        """Return the state of the level; `margin` is in units of the measure."""
        apart = abs(self.measured - self.published)
        if apart <= margin:
            return "same"
        return "open" if apart <= self.reach else "other"


@dataclass(frozen=True)
class Gain:
    """A claimed difference to the control and the run's, with its interval and the smallest that it would find.

    `blind`: one side is trained and has one seed, so that the spread from seed to seed is not in the interval.
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
    """One claim, what the run measured of it, and the verdict; `reason` says why there is none or none to be had."""

    claim: Claim
    verdict: Word
    reason: str = ""
    level: Level | None = None
    gain: Gain | None = None

    @property
    def measured(self) -> float | None:
        """The run's own mean, None where there is none to hold against the claim."""
        return self.level.measured if self.level else None


def judge(level: Level, gained: Gain | None, margin: float = MARGIN) -> Word:
    """Return the verdict of the table."""
    return TABLE[level.judged(margin), gained.judged(margin) if gained else "none"]


def of_board(board: Leaderboard) -> list[Line]:
    """Return every bundled claim with its verdict on a run, in the file's order."""
    claims = load()
    return [_line(claim, _control(claim, claims), board) for claim in claims]


def of_rows(lines: Iterable[Line], suite: str) -> dict[tuple[str, str, str], Word]:
    """Return the verdict of each (entry, language, measure) of a suite that exactly one claim is about.

    Claims that are not comparable count only where no other is: of all that is published on a row, one may be
    about the same thing.
    """
    found: dict[tuple[str, str, str], list[Word]] = {}
    for line in lines:
        claim = line.claim
        if claim.suite == suite.partition("@")[0] and line.verdict:
            found.setdefault((claim.entry, claim.language, claim.measure), []).append(line.verdict)
    chosen = {row: [word for word in words if word != "not comparable"] or words for row, words in found.items()}
    return {row: words[0] for row, words in chosen.items() if len(words) == 1}


def _control(claim: Claim, claims: Sequence[Claim]) -> Claim | None:
    """Return what the same paper publishes of the claim's control; None where there is none, or several."""
    about = (claim.paper, claim.control, claim.suite, claim.language, claim.measure)
    found = [other for other in claims if (other.paper, other.entry, *_where(other)) == about]
    return found[0] if claim.control and len(found) == 1 else None


def _where(claim: Claim) -> tuple[str, str, str]:
    return claim.suite, claim.language, claim.measure


def _line(claim: Claim, control: Claim | None, board: Leaderboard) -> Line:
    if reason := comparable(claim, board):
        return Line(claim, "not comparable", reason)
    own = _scores(claim, board)
    if own is None:
        return Line(claim, "", UNMEASURED)
    level = Level(claim.value, float(np.mean([part.mean() for part in own])), _reach(own, claim.entry, board))
    if control is None:
        return Line(claim, judge(level, None), level=level)
    other = _scores(control, board)
    reason = comparable(control, board).removeprefix(NOT) or ("" if other else UNMEASURED)
    if other is None or reason:
        return Line(claim, "not comparable", f"{NOT}its control {control.entry}: {reason}", level)
    sides = ((claim.entry, own), (control.entry, other))
    blind = any(_trained(entry, board) and min(map(len, parts)) < 2 for entry, parts in sides)
    gained = replace(_gain(claim.value - control.value, own, other), blind=blind)
    return Line(claim, judge(level, gained), level=level, gain=gained)


def _scores(claim: Claim, board: Leaderboard) -> list[np.ndarray] | None:
    """Return the scores of a claim's entry, one of each of its languages; None where one is missing.

    Each is [seeds, queries, 1].
    """
    found: list[EntryScores | None] = [board.scored.get((claim.entry, name)) for name in claim.of or (claim.language,)]
    if any(scored is None for scored in found):
        return None
    i = board.measures.index(claim.measure)
    return [scored.values[:, :, i : i + 1] for scored in found if scored is not None]


def _trained(entry: str, board: Leaderboard) -> bool:
    return any(record.trained for record in board.records if record.entry == entry)


def _reach(parts: Iterable[np.ndarray], entry: str, board: Leaderboard) -> float:
    """Return how far another training may lie from the mean, over these queries."""
    if not _trained(entry, board):
        return 0.0
    predicted = []
    for values in parts:
        estimate = over_seeds(values)
        if estimate is None:
            return math.inf
        predicted.append(Estimate(estimate.value, estimate.error * math.sqrt(len(values) + 1), estimate.freedom))
    whole = averaged(predicted)
    return float((student((1 + LEVEL) / 2, whole.freedom) * whole.error)[0])


def _gain(claimed: float, own: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> Gain:
    estimate = averaged([gain(new, old) for new, old in zip(own, other, strict=True)])
    low, high = estimate.interval()
    detectable = minimum_detectable(estimate)
    return Gain(claimed, float(estimate.value[0]), float(low[0]), float(high[0]), float(detectable[0]))
