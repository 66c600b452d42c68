"""What the scores of a whole suite show: intervals, tests, effects and ranks of every entry, language and measure.

    mean, seed_sd       (1/S) Σ_s (1/n) Σ_q x[s, q], and the standard deviation (ddof 1) of its S terms
    interval            of the mean over queries and seeds: crossed bootstrap (harness.stats.crossed); over queries
                        alone for an entry of one seed, whose spread from seed to seed is unknown or none
    queries_, seeds_    Student's interval over queries for these seeds, and over seeds for these queries
    delta               to the declared baseline on the same queries, with the interval of the paired difference
    p, p_adjusted       sign-flip permutation test of the scores averaged over seeds; Holm within the family, which is
                        the entries of one suite × language × measure
    equivalence         p of "it differs from the baseline by the margin or more" (harness.stats.equivalence)
    detectable          the smallest true difference to the baseline found with α .05 and power .8, seeds counted
    rank_best, _worst   95 % interval of the rank among the entries of the language; group: entries not told apart

The average over languages weighs them alike: its resamples and errors are those of independent languages, its test
flips the signs of all queries, scaled so that their mean is the average, its seeds are those that every language has.
One query has no error of its mean, and so no interval. Everything is in units of the measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from harness.keys import derive
from harness.stats.align import Floats
from harness.stats.contrasts import MOST, Contrast, Field, contrasts, field
from harness.stats.crossed import stretched
from harness.stats.effect import TIE, Effect, effect
from harness.stats.equivalence import tost
from harness.stats.pairwise import Pairwise
from harness.stats.power import minimum_detectable
from harness.stats.ranks import Integers, rank_intervals, tie_groups
from harness.stats.rules import MARGIN
from harness.stats.samples import Sample, average, bounds, gap, joined, samples
from harness.stats.summary import AVERAGE, BASE, Scored

_DIFFERENCE = (
    *("delta", "delta_low", "delta_high", "standardised", "wins", "ties", "losses", "equivalence", "detectable"),
)


@dataclass(frozen=True)
class Evidence:
    """One entry in one language, or averaged; arrays are [measures], NaN where there is nothing to say.

    That is: without a baseline to compare with, below two seeds (`seed_sd`, `seeds_`), below two queries (intervals).
    """

    entry: str
    language: str
    n_queries: int
    n_seeds: int
    mean: Floats
    low: Floats
    high: Floats
    queries_low: Floats
    queries_high: Floats
    seeds_low: Floats
    seeds_high: Floats
    seed_sd: Floats
    delta: Floats
    delta_low: Floats
    delta_high: Floats
    p: Floats
    p_adjusted: Floats
    standardised: Floats
    wins: Floats
    ties: Floats
    losses: Floats
    equivalence: Floats
    detectable: Floats
    rank_best: Integers
    rank_worst: Integers
    group: Integers


@dataclass(frozen=True)
class Analysis:
    """The evidence on a suite against one baseline, and what the contrasts to every other entry are made of."""

    evidence: tuple[Evidence, ...]
    fields: tuple[Field, ...]  # none where there are more than harness.stats.contrasts.MOST entries

    def contrasts(self) -> tuple[Contrast, ...]:
        """Return the difference of every entry to every other, nothing where there are too many entries."""
        with one_thread():
            return contrasts(self.fields)


@dataclass(frozen=True)
class _How:
    """What entries are held against."""

    baseline: str
    tie: float
    margin: float


def evidence(
    scored: Mapping[tuple[str, str], Scored],
    languages: Sequence[str],
    *,
    baseline: str = BASE,
    tie: float = TIE,
    margin: float = MARGIN,
) -> list[Evidence]:
    """Return the evidence on each (entry, language) scored, in the order of `languages`, then on the averages.

    Entries without one of the languages have no average. Raises ValueError for scores that are not finite.
    """
    return list(analyse(scored, languages, baseline=baseline, tie=tie, margin=margin).evidence)


def analyse(
    scored: Mapping[tuple[str, str], Scored],
    languages: Sequence[str],
    *,
    baseline: str = BASE,
    tie: float = TIE,
    margin: float = MARGIN,
) -> Analysis:
    """Return the evidence as `evidence` does, and what its contrasts are made of."""
    how = _How(baseline, tie, margin)
    few = len({entry for entry, _ in scored}) <= MOST
    lines: list[Evidence] = []
    fields: list[Field] = []
    with one_thread():
        for language, here in _drawn(scored, languages).items():
            entries = sorted(here)
            scores = np.stack([here[entry].scores for entry in entries], axis=1)  # [queries, entries, measures]
            tests = Pairwise(scores, derive(0, "flips", language))
            lines += _judged(language, here, tests, how)
            if few:
                fields.append(field(language, here, tests))
    return Analysis(tuple(lines), tuple(fields))


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which matrix products take one thread.

    Their last bits depend on the number of threads, and so would a report on the machine that it is written on. They
    are many and small: on two busy cores, waiting for the second thread took several times their own work.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits


def _drawn(scored: Mapping[tuple[str, str], Scored], languages: Sequence[str]) -> dict[str, dict[str, Sample]]:
    """Return language → entry → sample, the average last; nothing for what has no entry."""
    drawn = {
        language: samples({entry: own for (entry, where), own in scored.items() if where == language}, language)
        for language in languages
    }
    parts: dict[str, list[Sample]] = {}
    for here in drawn.values():
        for entry, sample in here.items():
            parts.setdefault(entry, []).append(sample)
    drawn[AVERAGE] = {entry: average(own) for entry, own in parts.items() if len(own) == len(languages)}
    return {language: here for language, here in drawn.items() if here}


def _judged(language: str, here: Mapping[str, Sample], tests: Pairwise, how: _How) -> list[Evidence]:
    """Return the evidence on entries that share their queries, tested and ranked among themselves."""
    entries = sorted(here)
    own = [here[entry] for entry in entries]
    low, high = bounds([sample.means for sample in own], [sample.mean for sample in own])
    p, adjusted = np.full((2, *low.shape), np.nan)
    if how.baseline in here:
        p, adjusted = tests.corrected(entries.index(how.baseline))
    differences = _differences(here, how)
    best, worst, group = _ranked(own, tests)
    return [
        Evidence(
            entry=entry,
            language=language,
            **_level(own[i]),
            low=low[i],
            high=high[i],
            **differences[entry],
            p=p[i],
            p_adjusted=adjusted[i],
            rank_best=best[i],
            rank_worst=worst[i],
            group=group[i],
        )
        for i, entry in enumerate(entries)
    ]


def _level(sample: Sample) -> dict[str, Any]:
    """Return what the evidence says of an entry on its own."""
    by_seed = np.array(list(sample.by_seed.values()))  # [seeds, measures]
    nothing = np.full_like(sample.mean.value, np.nan)
    queries_low, queries_high = sample.over_queries.interval()
    seeds_low, seeds_high = sample.over_seeds.interval() if sample.over_seeds else (nothing, nothing)
    return {
        "n_queries": sample.n_queries,
        "n_seeds": len(by_seed),
        "mean": sample.mean.value,
        "queries_low": queries_low,
        "queries_high": queries_high,
        "seeds_low": seeds_low,
        "seeds_high": seeds_high,
        "seed_sd": by_seed.std(axis=0, ddof=1) if len(by_seed) > 1 else nothing,
    }


def _differences(here: Mapping[str, Sample], how: _How) -> dict[str, dict[str, Any]]:
    """Return what the evidence says of each entry beside the baseline: NaN of itself, and where there is none."""
    nothing = {
        entry: dict.fromkeys(_DIFFERENCE, np.full_like(sample.mean.value, np.nan)) for entry, sample in here.items()
    }
    base = here.get(how.baseline)
    others = {entry: sample for entry, sample in here.items() if entry != how.baseline}
    if base is None or not others:
        return nothing
    gaps = [gap(sample, base) for sample in others.values()]
    estimates = [one.estimate for one in gaps]
    lows, highs = bounds([one.resampled for one in gaps], estimates)
    detectable = np.split(minimum_detectable(joined(estimates)), len(gaps))
    found = {}
    for i, (entry, sample) in enumerate(others.items()):
        size = _effect(sample, base, how.tie)
        interval = (estimates[i].value, lows[i], highs[i])
        counts = (size.wins, size.ties, size.losses)
        numbers = (*interval, size.standardised, *counts, tost(estimates[i], how.margin), detectable[i])
        found[entry] = dict(zip(_DIFFERENCE, numbers, strict=True))
    return nothing | found


def _effect(own: Sample, base: Sample, tie: float) -> Effect:
    """Return the effect against the baseline.

    Of an average: queries won and lost in all languages, and no one spread to standardise by.
    """
    if not own.parts:
        return effect(own.scores - base.scores, tie)
    parts = [_effect(*both, tie) for both in zip(own.parts, base.parts, strict=True)]
    mean = np.asarray(np.mean([part.mean for part in parts], axis=0))
    counts = np.sum([(part.wins, part.ties, part.losses) for part in parts], axis=0)
    return Effect(mean, np.full_like(mean, np.nan), *counts)


def _ranked(own: Sequence[Sample], tests: Pairwise) -> tuple[Integers, Integers, Integers]:
    """Return the best and the worst rank of each entry, and its group.  [entries, measures] each"""
    means = tests.means
    drawn = stretched(np.concatenate([one.means for one in own], axis=1), joined([one.mean for one in own]))
    drawn = drawn.reshape(-1, *means.shape)  # [draws, entries, measures]
    places = np.where(np.isnan(drawn), means, drawn)  # of one query there is one order
    best, worst, group = (np.empty(means.shape, dtype=np.int64) for _ in range(3))
    for i in range(means.shape[1]):
        best[:, i], worst[:, i] = rank_intervals(places[:, :, i])
        group[:, i] = tie_groups(means[:, i], partial(tests.against, measure=i))
    return best, worst, group
