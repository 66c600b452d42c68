"""How often verdicts are wrong: true and false claims, made from the scores of trainings, judged by the harness's rule.

A claim is made of one training of each side that the run does not have, over the queries of the run, as a paper's is:

    exact      the two trainings as they are: "not reproduced" is an error
    opposite   their gain with the other sign, twice: with twice its size. "reproduced" is an error
    none       run and paper have one entry as both sides, so that no gain is there, and one detectable gain is claimed
    level      one training alone, without a control: "not reproduced" is an error
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from harness.evidence.claims import judging
from harness.evidence.claims.judging import Gain, Parts, Word, gain_of, judge, level_of
from harness.results.folder import ResultFolder
from harness.stats.effect import NEAR_ZERO

Floats = NDArray[np.float64]
Kind = Literal["exact", "opposite", "twice", "none", "level"]
FACTORS: dict[Kind, int] = {"exact": 1, "opposite": -1, "twice": 2}


@dataclass(frozen=True)
class Side:
    """An entry of a run, and the training that the paper has of it: scores by language, [seeds, queries, 1]."""

    run: Parts
    paper: Parts
    trained: bool

    @property
    def published(self) -> float:
        return float(np.mean([scores.mean() for scores in self.paper]))


def measured(new: Side, old: Side) -> Gain:
    """Return the run's gain beside that of the two trainings of the paper."""
    return gain_of(new.published - old.published, (new.run, old.run), trained=(new.trained, old.trained))


def verdict(claimed: float, gain: Gain, new: Side, old: Side) -> Word:
    """Return the verdict on a claimed gain over the published number of the control, four decimals given."""
    level = level_of(round(old.published + claimed, 4), new.run, trained=new.trained)
    return judge(level, replace(gain, claimed=round(claimed, 4)))


def judged(new: Side, old: Side) -> Iterator[tuple[Kind, Word]]:
    """Yield the verdicts on the exact, the opposite and the double claim; the last two not for gains of nearly 0."""
    with patch.object(
        judging, "minimum_detectable", return_value=[math.nan]
    ):  # no verdict depends on it, and it is slow
        gain = measured(new, old)
    for kind, factor in FACTORS.items():
        if kind == "exact" or abs(gain.claimed) >= NEAR_ZERO:
            yield kind, verdict(factor * gain.claimed, gain, new, old)


def no_gain(first: Side, second: Side) -> tuple[Kind, Word]:
    """Return the verdict on the claim of one detectable gain, where both sides are the same entry."""
    gain = measured(first, second)
    return "none", verdict(gain.detectable, gain, first, second)


def recorded(results: ResultFolder) -> Iterator[tuple[Kind, Word]]:
    """Yield the verdicts on the claims that a folder's own trainings make, in each language and averaged over all.

    Every trained entry against every other, by the primary measure; each seed of either side is left out in turn.
    """
    entries = sorted({entry for entry, _ in results.scored})
    for languages in (*([language] for language in results.languages), list(results.languages)):
        present = [entry for entry in entries if all((entry, language) in results.scored for language in languages)]
        scores = {
            entry: [results.scored[entry, language].values[:, :, :1] for language in languages] for entry in present
        }
        for old, new in combinations(present, 2):
            if results.trains(new) or results.trains(old):
                yield from _left_out(results, scores, (new, old) if results.trains(new) else (old, new))
        for entry in present:
            if results.trains(entry):
                yield from _alone(scores[entry])
                yield from _same_entry(scores[entry])


def _left_out(
    results: ResultFolder, scores: dict[str, list[Floats]], pair: tuple[str, str]
) -> Iterator[tuple[Kind, Word]]:
    sides = [_sides(scores[entry], trained=results.trains(entry)) for entry in pair]
    for new, old in product(*sides):
        yield from judged(new, old)


def _sides(parts: Sequence[Floats], *, trained: bool) -> list[Side]:
    """Return an entry with each of its seeds left out as the paper's; what is not trained is the same in both."""
    if not trained:
        return [Side(parts, parts, trained=False)]
    seeds = range(min(map(len, parts)))
    return [
        Side([np.delete(values, seed, axis=0) for values in parts], [values[[seed]] for values in parts], trained=True)
        for seed in seeds
    ]


def _alone(parts: Sequence[Floats]) -> Iterator[tuple[Kind, Word]]:
    for side in _sides(parts, trained=True):
        yield "level", judge(level_of(side.published, side.run, trained=True), None)


def _same_entry(parts: Sequence[Floats]) -> Iterator[tuple[Kind, Word]]:
    """Yield the verdicts on a detectable gain of an entry over itself: two seeds against two, another one published."""
    seeds = range(min(map(len, parts)))
    for first in combinations(seeds, 2):
        for second in combinations([seed for seed in seeds if seed not in first], 2):
            for paper in (seed for seed in seeds if seed not in (*first, *second)):
                published = [values[[paper]] for values in parts]
                sides = [Side([v[list(chosen)] for v in parts], published, trained=True) for chosen in (first, second)]
                yield no_gain(*sides)


@dataclass(frozen=True)
class Truth:
    """A simulated gain, and standard deviations: of a query's gain, of the means of seeds, of a query between seeds."""

    gain: float
    query_sd: float
    seed_sd: float
    interaction_sd: float = 0.1
    queries: int = 213


def simulated(truth: Truth, seeds: int, studies: int, root: int = 1) -> Iterator[tuple[Kind, Word]]:
    """Yield the verdicts on papers and runs drawn from the two-way random-effects model (harness.stats.intervals)."""
    generator = np.random.Generator(np.random.PCG64(root))

    def side(by_query: Floats) -> Side:
        shape = (seeds + 1, truth.queries, 1)
        trainings = generator.standard_normal((seeds + 1, 1, 1)) * truth.seed_sd
        scores = by_query + trainings + generator.standard_normal(shape) * truth.interaction_sd
        return Side([scores[1:]], [scores[:1]], trained=True)

    for _ in range(studies):
        old = 0.5 + 0.3 * generator.standard_normal((1, truth.queries, 1))
        new = old + truth.gain + truth.query_sd * generator.standard_normal(old.shape)
        yield from judged(side(new), side(old))
        yield no_gain(side(old), side(old))
        alone = side(new)
        yield "level", judge(level_of(alone.published, alone.run, trained=True), None)


def rates(outcomes: Iterator[tuple[Kind, Word]]) -> dict[Kind, dict[str, float]]:
    """Return kind → verdict → share; "n" is the number of claims."""
    counts: dict[Kind, Counter[str]] = {}
    for kind, word in outcomes:
        counts.setdefault(kind, Counter())[word] += 1
    return {
        kind: {"n": sum(counter.values())} | {word: count / sum(counter.values()) for word, count in counter.items()}
        for kind, counter in counts.items()
    }
