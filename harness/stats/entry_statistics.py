"""The statistics of each entry in one language, or averaged over languages: level, difference, tests, effect and rank.

    mean, seed_sd       (1/S) Σ_s (1/n) Σ_q x[s, q], and the standard deviation (ddof 1) of its S terms
    low, high           95 % interval of the mean over queries and seeds (harness.stats.intervals); over queries
                        only for an entry with one seed, whose spread over seeds is zero or unknown
    queries_, seeds_    the same over queries for these seeds, and over seeds for these queries
    one_seed            the entry is trained and has one seed: its spread over seeds is unknown
    delta               to the entry's baseline on the same queries: estimate, interval, p and p_adjusted are those of
                        harness.stats.contrasts; `blind`: one of the two has `one_seed`; `identical`: all scores are
                        equal bit for bit
    p_equivalence       p of "it differs from the baseline by MARGIN or more" (harness.stats.equivalence); the 90 %
                        interval lies within ± MARGIN exactly where it is at most .05
    detectable          the smallest true difference to the baseline found at ALPHA with POWER, seeds counted
    rank_best, _worst   95 % interval of the rank among the entries of the language (harness.stats.ranks)
    letters             two entries share a letter exactly where they are not shown to differ (harness.stats.letters)
    tied                not shown to differ from the entry with the highest mean

The average over languages weights them equally: its errors are those of independent languages, its seeds are those that
every language has. One query has no error of its mean, and so no interval and no p. Everything is in units of the
measure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.stats.align import Floats
from harness.stats.contrasts import Contrasts, Flags
from harness.stats.effect import Effect, effect
from harness.stats.equivalence import tost
from harness.stats.intervals import Estimate
from harness.stats.letters import letters
from harness.stats.power import minimum_detectable
from harness.stats.ranks import Integers, rank_intervals
from harness.stats.rules import ALPHA, MARGIN, are_shown
from harness.stats.samples import Sample

_SIZE = ("standardised", "wins", "ties", "losses")
_POWER = ("p_equivalence", "equivalence_low", "equivalence_high", "detectable")


@dataclass(frozen=True)
class EntryStatistics:
    """One entry in one language, or averaged. Arrays are [measures], NaN where a number is not defined.

    That is: differences without a baseline to compare with, `seed_sd` and `seeds_` below two seeds, intervals and p
    below two queries; p, `detectable` and equivalence also where the difference is `blind`.
    """

    entry: str
    language: str
    n_queries: int
    n_seeds: int
    one_seed: bool
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
    blind: np.bool_
    identical: Flags
    p: Floats
    p_adjusted: Floats
    standardised: Floats
    wins: Floats
    ties: Floats
    losses: Floats
    p_equivalence: Floats
    equivalence_low: Floats
    equivalence_high: Floats
    detectable: Floats
    rank_best: Integers
    rank_worst: Integers
    letters: tuple[str, ...]
    tied: Flags


def entry_statistics(
    samples: Mapping[str, Sample], contrasts: Contrasts, baseline_of: Callable[[str], str]
) -> list[EntryStatistics]:
    """Return the statistics of entries that share their queries, ordered by name.

    The difference of an entry is to `baseline_of(entry)`, where that is one of them.
    """
    shown = are_shown(contrasts.p_adjusted)
    best, worst = rank_intervals(contrasts.estimate.value, shown)
    means = np.array([samples[entry].mean.value for entry in contrasts.entries])  # [entries, measures]
    order = np.argsort(-means, axis=0, kind="stable")
    differences = _differences(samples, contrasts, baseline_of)
    by_measure = [letters(shown[:, :, i], order[:, i]) for i in range(means.shape[1])]
    return [
        EntryStatistics(
            entry=entry,
            language=contrasts.language,
            **_level(samples[entry]),
            **{name: values[i] for name, values in differences.items()},
            rank_best=best[i],
            rank_worst=worst[i],
            letters=tuple(column[i] for column in by_measure),
            tied=np.array([not shown[i, highest, k] for k, highest in enumerate(order[0])]),
        )
        for i, entry in enumerate(contrasts.entries)
    ]


def _level(sample: Sample) -> dict[str, Any]:
    """Return the fields that need no other entry."""
    by_seed = np.array(list(sample.by_seed.values()))  # [seeds, measures]
    undefined = np.full_like(sample.mean.value, np.nan)
    low, high = sample.mean.interval()
    queries_low, queries_high = sample.over_queries.interval()
    seeds_low, seeds_high = sample.over_seeds.interval() if sample.over_seeds else (undefined, undefined)
    return {
        "n_queries": sample.n_queries,
        "n_seeds": len(by_seed),
        "one_seed": sample.one_seed,
        "mean": sample.mean.value,
        "low": low,
        "high": high,
        "queries_low": queries_low,
        "queries_high": queries_high,
        "seeds_low": seeds_low,
        "seeds_high": seeds_high,
        "seed_sd": by_seed.std(axis=0, ddof=1) if len(by_seed) > 1 else undefined,
    }


def _differences(
    samples: Mapping[str, Sample], contrasts: Contrasts, baseline_of: Callable[[str], str]
) -> dict[str, Any]:
    """Return the fields that compare with the baselines, each for all entries.  [entries, measures], `blind` [entries]

    NaN for a baseline itself, and for an entry whose baseline was not measured: the diagonal of the contrasts.
    """
    entries = contrasts.entries
    baselines = [baseline if (baseline := baseline_of(entry)) in samples else entry for entry in entries]
    at = (np.arange(len(entries)), np.array([entries.index(baseline) for baseline in baselines]))
    estimate, blind = contrasts.estimate.at(at), contrasts.blind[at]
    itself = at[0] == at[1]
    low, high = estimate.interval()
    sizes = [_effect(samples[entry], samples[baseline]) for entry, baseline in zip(entries, baselines, strict=True)]
    fields = {
        "delta": estimate.value,
        "delta_low": low,
        "delta_high": high,
        "p": contrasts.p[at],
        "p_adjusted": contrasts.p_adjusted[at],
        **{name: np.array([getattr(size, name) for size in sizes], dtype=np.float64) for name in _SIZE},
        **_power(estimate, blind),
    }
    fields = {name: np.where(itself[:, None], np.nan, values) for name, values in fields.items()}
    return {**fields, "blind": blind, "identical": contrasts.identical[at] & ~itself[:, None]}


def _power(estimate: Estimate, blind: Flags) -> dict[str, Floats]:
    """Return what else a difference with a known error shows: equivalence, and the smallest that it would detect."""
    known = estimate.each(lambda values: np.where(blind[:, None], np.nan, values))
    low, high = known.interval(1 - 2 * ALPHA)
    values = (tost(known, MARGIN), low, high, minimum_detectable(known))
    return dict(zip(_POWER, values, strict=True))


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
