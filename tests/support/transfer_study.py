"""How often transfer verdicts are wrong: families of contrasts whose true differences are planted, judged by the rule.

Both sides of a contrast are trainings of one entry, or are drawn with equal means, so that the true difference is 0;
adding a number to the estimate is adding it to every score of one side. What is counted, per family:

    shown        the difference is 0, "higher" is claimed: any contrast is `same direction` or `reversed`. An error
    margin       the difference of all is the margin, "equal" is claimed: any is `equivalent`. An error
    beyond       the same with one and a half times the margin
    found        the first differs by its own minimum detectable effect at Holm's first step, the others by 0: it is
                 `same direction`
    against      of these, the first is `reversed`. An error
    found_twice, against_twice   the same with twice that effect
    equivalent   the difference is 0, "equal" is claimed: the share of `equivalent`: the power of the equivalence
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from support.simulated_scores import Spread, additive

from harness.evidence.contrasts import transfer
from harness.evidence.contrasts.published import Claimed
from harness.evidence.contrasts.transfer import family, word_of
from harness.results.folder import ResultFolder
from harness.stats.entry_scores import EntryScores
from harness.stats.intervals import Estimate, difference
from harness.stats.power import minimum_detectable
from harness.stats.rules import ALPHA, MARGIN
from harness.stats.samples import Sample, average, sample, sample_difference

Floats = NDArray[np.float64]
Words = NDArray[np.str_]  # [contrasts, families]
Counts = Mapping[str, Floats]  # what is counted → its share in each family
FAMILY, QUERIES = 12, 213  # contrasts of a family: the trained entries of `all`; queries of MIRACL's Korean dev set


@dataclass(frozen=True)
class Families:
    """Families of contrasts whose true difference is 0: one estimate per contrast, one column per family."""

    estimates: Sequence[Estimate]
    blind: bool  # a side has one seed

    @property
    def first(self) -> Families:
        """The first contrast of each, as a family of one."""
        return Families(self.estimates[:1], self.blind)

    def words(self, claimed: Sequence[Claimed], planted: Sequence[Floats | float]) -> list[Words]:
        """Return the words for each claim where the contrasts truly differ by `planted`, one number per contrast."""
        shifted = [replace(one, value=one.value + by) for one, by in zip(self.estimates, planted, strict=True)]
        blind, identical = [self.blind] * len(shifted), [[False] * len(one.value) for one in shifted]
        with patch.object(transfer, "minimum_detectable", _unknown):  # no word depends on it, and it is slow
            found = family(shifted, blind, identical)
        return [np.array([[word_of(claim, one) for one in row] for row in found]) for claim in claimed]

    def counts(self, detectable: Floats) -> Counts:
        """Return what is counted, given the minimum detectable effect of the first contrast of each family."""
        count = len(self.estimates)
        higher, equal = self.words(("higher", "equal"), [0.0] * count)
        counted = {
            "shown": ((higher == "same direction") | (higher == "reversed")).any(axis=0),
            "equivalent": (equal == "equivalent").mean(axis=0),
        }
        for name, times in (("margin", 1.0), ("beyond", 1.5)):
            (words,) = self.words(("equal",), [times * MARGIN] * count)
            counted[name] = (words == "equivalent").any(axis=0)
        for suffix, effect in (("", detectable), ("_twice", 2 * detectable)):
            (words,) = self.words(("higher",), [np.nan_to_num(effect), *[0.0] * (count - 1)])
            counted[f"found{suffix}"] = words[0] == "same direction"
            counted[f"against{suffix}"] = words[0] == "reversed"
        return {name: np.asarray(values, dtype=np.float64) for name, values in counted.items()}


def _unknown(estimate: Estimate, alpha: Floats) -> Floats:
    return np.full_like(estimate.value, np.nan)


def shares(groups: Sequence[Families]) -> tuple[dict[str, float], dict[str, float], int]:
    """Return the mean shares of the first contrasts alone, those of the whole families, and the number of families."""
    alone: dict[str, list[Floats]] = {}
    together: dict[str, list[Floats]] = {}
    for families in groups:
        for found, group in ((alone, families.first), (together, families)):
            detectable = minimum_detectable(families.estimates[0], ALPHA / len(group.estimates))
            for name, values in group.counts(detectable).items():
                found.setdefault(name, []).append(values)
    means = [
        {name: float(np.concatenate(values).mean()) for name, values in kind.items()} for kind in (alone, together)
    ]
    return means[0], means[1], sum(len(values) for values in alone["shown"])


def simulated(spread: Spread, seeds: int, apart: float, families: int) -> Families:
    """Return families of FAMILY contrasts of entries with equal means, `seeds` a side, from the model of the intervals.

    `apart`: the standard deviation of their difference from query to query.
    """
    generator = np.random.Generator(np.random.PCG64(seeds))
    estimates = []
    for _ in range(FAMILY):
        values = additive(generator, (families, 2 * seeds, QUERIES), spread).transpose(1, 2, 0)
        new = values[:seeds] + apart * generator.standard_normal((QUERIES, families))
        estimates.append(difference(new, values[seeds:]))
    return Families(estimates, blind=seeds < 2)


def recorded(results: ResultFolder, splits: Sequence[Sequence[int]]) -> Iterator[Families]:
    """Yield one group of families per split of the seeds and language, and average: every trained entry in two sets.

    A column is a measure. The entry that is first differs from group to group.
    """
    entries = [entry for entry in dict.fromkeys(entry for entry, _ in results.scored) if results.trains(entry)]
    turn = 0
    for first in splits:
        by_language = [
            [_halves(results.scored[entry, language].values, first) for entry in entries]
            for language in results.languages
        ]
        averages = [
            (average([pair[0] for pair in pairs]), average([pair[1] for pair in pairs]))
            for pairs in zip(*by_language, strict=True)
        ]
        for halves in (*by_language, averages):
            estimates = [sample_difference(*pair) for pair in halves]
            blind = any(half.one_seed for pair in halves for half in pair)
            yield Families([*estimates[turn:], *estimates[:turn]], blind)
            turn = (turn + 1) % len(entries)


def _halves(values: Floats, first: Sequence[int]) -> tuple[Sample, Sample]:
    """Return two sets of seeds as samples.  values [seeds, queries, measures]"""
    rest = [i for i in range(len(values)) if i not in first]
    left, right = (sample(EntryScores(dict(enumerate(values[list(part)])))) for part in (first, rest))
    return left, right
