"""Means, intervals and differences to the base entry, in each language and averaged over languages.

With x[s, q] the score of query q under seed s (S seeds, n queries, all entries of a language share the queries):

    mean       (1/S) Σ_s (1/n) Σ_q x[s, q]
    interval   percentile bootstrap over queries of x̄[q] = (1/S) Σ_s x[s, q]
    seed_sd    sample standard deviation (ddof 1) over s of (1/n) Σ_q x[s, q]; NaN below two seeds
    delta      mean − mean of the base entry; its interval from the paired differences x̄[q] − x̄_base[q]
    average    the unweighted mean of the languages' means, only of entries that have every language; its
               interval resamples within each language, its seeds are those that every language has

Everything is in the units of the measure, unrounded. Equal input gives equal bits on one machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.keys import derive
from harness.stats.bootstrap import DRAWS, percentiles, resample_counts, resampled_means

Floats = NDArray[np.float64]

AVERAGE = "average"
BASE = "base"


@dataclass(frozen=True)
class Scored:
    """One entry in one language: seed → [queries, measures], every entry of the language in one query order."""

    by_seed: Mapping[int, Floats]

    @property
    def over_seeds(self) -> Floats:
        mean: Floats = np.mean(list(self.by_seed.values()), axis=0)  # [queries, measures]
        return mean


@dataclass(frozen=True)
class Summary:
    """One entry in one language, or averaged; arrays are [measures], NaN where there is nothing to say."""

    entry: str
    language: str
    n_queries: int
    n_seeds: int
    mean: Floats
    low: Floats
    high: Floats
    seed_sd: Floats
    delta: Floats
    delta_low: Floats
    delta_high: Floats


@dataclass(frozen=True)
class _Means:
    """Means over queries, in one language or averaged over all."""

    by_seed: Mapping[int, Floats]  # seed → [measures]
    mean: Floats  # [measures]
    n_queries: int


_Resampled = dict[tuple[str, str], Floats]  # (entry, "mean" or "delta") → [draws, measures]


def summaries(scored: Mapping[tuple[str, str], Scored], languages: Sequence[str]) -> list[Summary]:
    """Return one summary per (entry, language) scored, in the order of `languages`, then the averages."""
    found: list[Summary] = []
    entries = sorted({entry for entry, _ in scored})
    complete = [entry for entry in entries if all((entry, language) in scored for language in languages)]
    means: dict[str, list[_Means]] = {entry: [] for entry in entries}
    sums: _Resampled = {}
    for language in languages:
        here = {entry: scored[entry, language] for entry in entries if (entry, language) in scored}
        if not here:
            continue
        for entry, scores in here.items():
            means[entry].append(_means(scores))
        resampled = _resampled(here, language)
        found += _summarised(language, {entry: means[entry][-1] for entry in here}, resampled)
        for column, values in resampled.items():
            if column[0] in complete:
                sums[column] = sums[column] + values if column in sums else values
    averages = {entry: _average(means[entry]) for entry in complete}
    return found + _summarised(AVERAGE, averages, {column: total / len(languages) for column, total in sums.items()})


def _means(scored: Scored) -> _Means:
    by_seed = {seed: values.mean(axis=0) for seed, values in scored.by_seed.items()}
    return _Means(by_seed, np.mean(list(by_seed.values()), axis=0), len(scored.over_seeds))


def _average(parts: Sequence[_Means]) -> _Means:
    seeds = [seed for seed in parts[0].by_seed if all(seed in part.by_seed for part in parts)]
    return _Means(
        {seed: np.mean([part.by_seed[seed] for part in parts], axis=0) for seed in seeds},
        np.mean([part.mean for part in parts], axis=0),
        sum(part.n_queries for part in parts),
    )


def _resampled(here: Mapping[str, Scored], language: str) -> _Resampled:
    """Return the resampled means of every entry and of its differences to the base, one draw for all of them."""
    columns = {(entry, "mean"): scores.over_seeds for entry, scores in here.items()}
    if BASE in here:
        base = columns[BASE, "mean"]
        columns |= {(entry, "delta"): columns[entry, "mean"] - base for entry in here if entry != BASE}
    values = np.hstack(list(columns.values()))  # [queries, columns × measures]
    counts = resample_counts(len(values), DRAWS, derive(0, "bootstrap", language))
    parts = np.split(resampled_means(values, counts), len(columns), axis=1)
    return dict(zip(columns, parts, strict=True))


def _summarised(language: str, means: Mapping[str, _Means], resampled: _Resampled) -> list[Summary]:
    found = []
    for entry, own in means.items():
        seeds = np.array(list(own.by_seed.values()))  # [seeds, measures]
        nothing = np.full_like(own.mean, np.nan)
        low, high = percentiles(resampled[entry, "mean"])
        delta = delta_low = delta_high = nothing
        if BASE in means and entry != BASE:
            delta = own.mean - means[BASE].mean
            delta_low, delta_high = percentiles(resampled[entry, "delta"])
        found.append(
            Summary(
                entry=entry,
                language=language,
                n_queries=own.n_queries,
                n_seeds=len(seeds),
                mean=own.mean,
                low=low,
                high=high,
                seed_sd=seeds.std(axis=0, ddof=1) if len(seeds) > 1 else nothing,
                delta=delta,
                delta_low=delta_low,
                delta_high=delta_high,
            )
        )
    return found
