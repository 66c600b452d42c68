"""The statistics of each entry in one language, or averaged over languages: level, difference, tests, effect and rank.

    mean, seed_sd       (1/S) Σ_s (1/n) Σ_q x[s, q], and the standard deviation (ddof 1) of its S terms
    low, high           interval of the mean over queries and seeds: crossed bootstrap (harness.stats.crossed); over
                        queries only for an entry of one seed, whose spread over seeds is unknown or zero
    queries_, seeds_    Student's interval over queries for these seeds, and over seeds for these queries
    delta               to the declared baseline on the same queries, with the interval of the paired difference
    p, p_adjusted       sign-flip permutation test of the scores averaged over seeds; Holm within the family, which is
                        the entries of one suite × language × measure
    p_equivalence       p of "it differs from the baseline by MARGIN or more" (harness.stats.equivalence)
    detectable          the smallest true difference to the baseline found at ALPHA with POWER, seeds counted
    rank_best, _worst   95 % interval of the rank among the entries of the language
    group               entries of one group are not shown to differ from the best of it (harness.stats.ranks)

The average over languages weights them equally: its resamples and errors are those of independent languages, its test
flips the signs of all queries, scaled so that their mean is the average, its seeds are those that every language has.
One query has no error of its mean, and so no interval. Everything is in units of the measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from harness.stats.align import Floats
from harness.stats.crossed import stretched
from harness.stats.effect import Effect, effect
from harness.stats.equivalence import tost
from harness.stats.intervals import joined
from harness.stats.pairwise import PairwiseTests
from harness.stats.power import minimum_detectable
from harness.stats.ranks import Integers, rank_intervals, tie_groups
from harness.stats.rules import MARGIN
from harness.stats.samples import Sample, bounds, sample_difference

_DIFFERENCE = (
    *("delta", "delta_low", "delta_high", "standardised", "wins", "ties", "losses", "p_equivalence", "detectable"),
)


@dataclass(frozen=True)
class EntryStatistics:
    """One entry in one language, or averaged. Arrays are [measures], NaN where a number is not defined.

    That is: differences without a baseline to compare with, `seed_sd` and `seeds_` below two seeds, intervals below
    two queries.
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
    p_equivalence: Floats
    detectable: Floats
    rank_best: Integers
    rank_worst: Integers
    group: Integers


def entry_statistics(
    language: str, samples: Mapping[str, Sample], tests: PairwiseTests, baseline: str
) -> list[EntryStatistics]:
    """Return the statistics of entries that share their queries, ordered by name; `tests` numbers them in that order.

    Differences are to `baseline`, where it is one of them.
    """
    entries = sorted(samples)
    ordered = [samples[entry] for entry in entries]
    low, high = bounds([sample.means for sample in ordered], [sample.mean for sample in ordered])
    p, adjusted = np.full((2, *low.shape), np.nan)
    if baseline in samples:
        p, adjusted = tests.corrected(entries.index(baseline))
    differences = _differences(samples, baseline)
    best, worst, group = _ranked(ordered, tests)
    return [
        EntryStatistics(
            entry=entry,
            language=language,
            **_level(ordered[i]),
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
    """Return the fields that need no other entry."""
    by_seed = np.array(list(sample.by_seed.values()))  # [seeds, measures]
    undefined = np.full_like(sample.mean.value, np.nan)
    queries_low, queries_high = sample.over_queries.interval()
    seeds_low, seeds_high = sample.over_seeds.interval() if sample.over_seeds else (undefined, undefined)
    return {
        "n_queries": sample.n_queries,
        "n_seeds": len(by_seed),
        "mean": sample.mean.value,
        "queries_low": queries_low,
        "queries_high": queries_high,
        "seeds_low": seeds_low,
        "seeds_high": seeds_high,
        "seed_sd": by_seed.std(axis=0, ddof=1) if len(by_seed) > 1 else undefined,
    }


def _differences(samples: Mapping[str, Sample], baseline: str) -> dict[str, dict[str, Any]]:
    """Return the fields of _DIFFERENCE by entry: NaN for the baseline itself, and for all without a baseline."""
    fields: dict[str, dict[str, Any]] = {
        entry: dict.fromkeys(_DIFFERENCE, np.full_like(sample.mean.value, np.nan)) for entry, sample in samples.items()
    }
    base = samples.get(baseline)
    others = {entry: sample for entry, sample in samples.items() if entry != baseline}
    if base is None or not others:
        return fields
    differences = [sample_difference(sample, base) for sample in others.values()]
    estimates = [difference.estimate for difference in differences]
    lows, highs = bounds([difference.resampled for difference in differences], estimates)
    detectable = np.split(minimum_detectable(joined(estimates)), len(estimates))
    for i, (entry, sample) in enumerate(others.items()):
        size = _effect(sample, base)
        fields[entry] = {
            "delta": estimates[i].value,
            "delta_low": lows[i],
            "delta_high": highs[i],
            "standardised": size.standardised,
            "wins": size.wins,
            "ties": size.ties,
            "losses": size.losses,
            "p_equivalence": tost(estimates[i], MARGIN),
            "detectable": detectable[i],
        }
    return fields


def _effect(sample: Sample, base: Sample) -> Effect:
    """Return the effect against the baseline.

    That of an average counts the queries of all languages and has no standardised size: there is no common spread.
    """
    if not sample.parts:
        return effect(sample.scores - base.scores)
    parts = [_effect(part, base_part) for part, base_part in zip(sample.parts, base.parts, strict=True)]
    mean = np.asarray(np.mean([part.mean for part in parts], axis=0))
    counts = np.sum([(part.wins, part.ties, part.losses) for part in parts], axis=0)
    return Effect(mean, np.full_like(mean, np.nan), *counts)


def _ranked(samples: Sequence[Sample], tests: PairwiseTests) -> tuple[Integers, Integers, Integers]:
    """Return the best and the worst rank of each entry, and its group.  [entries, measures] each"""
    means = tests.means
    resampled = np.concatenate([sample.means for sample in samples], axis=1)
    drawn = stretched(resampled, joined([sample.mean for sample in samples]))
    drawn = drawn.reshape(-1, *means.shape)  # [draws, entries, measures]
    ranked_means = np.where(np.isnan(drawn), means, drawn)  # one query has one order
    best, worst, group = (np.empty(means.shape, dtype=np.int64) for _ in range(3))
    for i in range(means.shape[1]):
        best[:, i], worst[:, i] = rank_intervals(ranked_means[:, :, i])
        group[:, i] = tie_groups(means[:, i], partial(tests.against, measure=i))
    return best, worst, group
