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
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from harness.keys import derive
from harness.stats.align import Floats
from harness.stats.bootstrap import DRAWS, percentiles, resample_counts
from harness.stats.crossed import crossed_means, stretched
from harness.stats.effect import TIE, Effect, effect
from harness.stats.equivalence import tost
from harness.stats.intervals import Estimate, averaged, difference, over_both, over_queries, over_seeds
from harness.stats.multiple import holm
from harness.stats.permutation import draw_flips, flipped_means, p_values, stratified
from harness.stats.power import minimum_detectable
from harness.stats.ranks import Integers, rank_intervals, tie_groups
from harness.stats.summary import AVERAGE, BASE, Scored

MARGIN = 0.01  # units of the measure: 1 point, that of the gate; two entries closer than that are taken as equal


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
class _Sample:
    """One entry in one language, or averaged: its mean, its difference to the baseline, and resamples of both."""

    n_queries: int
    by_seed: Mapping[int, Floats]  # seed → [measures]
    over_queries: Estimate
    over_seeds: Estimate | None
    scores: Floats  # [queries, measures], averaged over seeds; of the average: scaled (permutation.stratified)
    mean: Estimate
    means: Floats  # [draws, measures]
    delta: Estimate | None
    deltas: Floats | None  # [draws, measures]
    effect: Effect | None


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
    found: list[Evidence] = []
    parts: dict[str, list[_Sample]] = {}
    for language in languages:
        here = {entry: scores for (entry, where), scores in scored.items() if where == language}
        samples = _samples(here, language, baseline, tie)
        found += _judged(samples, language, baseline, margin)
        for entry, sample in samples.items():
            parts.setdefault(entry, []).append(sample)
    complete = {entry: _average(own) for entry, own in parts.items() if len(own) == len(languages)}
    return found + _judged(complete, AVERAGE, baseline, margin)


def level(values: Floats) -> Estimate:
    """Return the mean over queries and seeds, over queries alone for one seed.  values [seeds, queries, measures]

    The error over one query is NaN.
    """
    if values.shape[1] < 2:
        return _unknown(values.mean(axis=(0, 1)))
    return over_both(values) or over_queries(values[0])


def gain(new: Floats, old: Floats) -> Estimate:
    """Return the paired difference of two entries over queries and seeds; the error over one query is NaN."""
    if new.shape[1] < 2:
        return _unknown(new.mean(axis=(0, 1)) - old.mean(axis=(0, 1)))
    return difference(new, old)


def _unknown(value: Floats) -> Estimate:
    return Estimate(value, np.full_like(value, np.nan), np.full_like(value, np.inf))


def _samples(here: Mapping[str, Scored], language: str, baseline: str, tie: float) -> dict[str, _Sample]:
    """Return the samples of one language: queries resampled alike for all entries, seeds for each on its own."""
    if not here:
        return {}
    values = {entry: scores.values for entry, scores in sorted(here.items())}
    queries = resample_counts(len(next(iter(values.values()))[0]), DRAWS, derive(0, "bootstrap", language))
    means = {
        entry: crossed_means(own, queries, resample_counts(len(own), DRAWS, derive(0, "seeds", language, entry)))
        for entry, own in values.items()
    }
    base = values.get(baseline)
    samples = {}
    for entry, own in values.items():
        compared = entry != baseline and base is not None
        averaged_over_seeds = own.mean(axis=0)
        samples[entry] = _Sample(
            n_queries=own.shape[1],
            by_seed=here[entry].means,
            over_queries=level(averaged_over_seeds[None]),
            over_seeds=over_seeds(own),
            scores=averaged_over_seeds,
            mean=level(own),
            means=means[entry],
            delta=gain(own, base) if base is not None and compared else None,
            deltas=means[entry] - means[baseline] if compared else None,
            effect=effect(averaged_over_seeds - base.mean(axis=0), tie) if base is not None and compared else None,
        )
    return samples


def _average(parts: Sequence[_Sample]) -> _Sample:
    deltas = [part.delta for part in parts if part.delta is not None]
    resampled = [part.deltas for part in parts if part.deltas is not None]
    effects = [part.effect for part in parts if part.effect is not None]
    seeds = [part.over_seeds for part in parts if part.over_seeds is not None]
    shared = [seed for seed in parts[0].by_seed if all(seed in part.by_seed for part in parts)]
    whole = len(deltas) == len(parts)
    return _Sample(
        n_queries=sum(part.n_queries for part in parts),
        by_seed={seed: np.mean([part.by_seed[seed] for part in parts], axis=0) for seed in shared},
        over_queries=averaged([part.over_queries for part in parts]),
        over_seeds=averaged(seeds) if len(seeds) == len(parts) else None,
        scores=stratified([part.scores for part in parts]),
        mean=averaged([part.mean for part in parts]),
        means=np.mean([part.means for part in parts], axis=0),
        delta=averaged(deltas) if whole else None,
        deltas=np.mean(resampled, axis=0) if whole else None,
        effect=_summed(effects) if whole else None,
    )


def _summed(effects: Sequence[Effect]) -> Effect:
    """Return the effect of an average: queries won and lost in all languages; no one spread to standardise by."""
    mean = np.asarray(np.mean([part.mean for part in effects], axis=0))
    counts = np.sum([(part.wins, part.ties, part.losses) for part in effects], axis=0)
    return Effect(mean, np.full_like(mean, np.nan), *counts)


def _judged(samples: Mapping[str, _Sample], language: str, baseline: str, margin: float) -> list[Evidence]:
    """Return the evidence on entries that share their queries, tested and ranked among themselves."""
    if not samples:
        return []
    entries = sorted(samples)
    scores = np.stack([samples[entry].scores for entry in entries], axis=1)  # [queries, entries, measures]
    n, count, measures = scores.shape
    flips = draw_flips(n, derive(0, "flips", language))
    flipped = flipped_means(scores.reshape(n, -1), flips).reshape(-1, count, measures)
    means, size = scores.mean(axis=0), np.abs(scores).mean(axis=0)

    def against(other: int, measure: int | slice = slice(None)) -> Floats:
        """The p of the difference of every entry to one of them."""
        pairs = flipped[:, :, measure] - flipped[:, other, None, measure]
        observed, sizes = (both[:, measure] - sign * both[other, measure] for both, sign in ((means, 1), (size, -1)))
        return p_values(observed, pairs, sizes, flips.exact)

    p = np.full((count, measures), np.nan)
    adjusted = p.copy()
    others = [i for i, entry in enumerate(entries) if entry != baseline]
    if baseline in samples and others:
        p[others] = against(entries.index(baseline))[others]
        adjusted[others] = holm(p[others].T).T
    drawn = np.stack([stretched(samples[entry].means, samples[entry].mean) for entry in entries], axis=1)
    places = np.where(np.isnan(drawn), means, drawn)  # of one query there is one order
    best, worst, group = (np.empty((count, measures), dtype=np.int64) for _ in range(3))
    for i in range(measures):
        best[:, i], worst[:, i] = rank_intervals(places[:, :, i])
        group[:, i] = tie_groups(means[:, i], partial(against, measure=i))
    tests = {"p": p, "p_adjusted": adjusted, "rank_best": best, "rank_worst": worst, "group": group}
    return [
        _line((entry, language), samples[entry], margin, {name: test[i] for name, test in tests.items()})
        for i, entry in enumerate(entries)
    ]


def _line(name: tuple[str, str], sample: _Sample, margin: float, tests: Mapping[str, Any]) -> Evidence:
    nothing = np.full_like(sample.mean.value, np.nan)
    delta, size = sample.delta, sample.effect or Effect(nothing, nothing, nothing, nothing, nothing)
    low, high = _bounds(sample.means, sample.mean)
    delta_low, delta_high = (nothing, nothing)
    if delta is not None and sample.deltas is not None:
        delta_low, delta_high = _bounds(sample.deltas, delta)
    queries_low, queries_high = sample.over_queries.interval()
    seeds_low, seeds_high = sample.over_seeds.interval() if sample.over_seeds else (nothing, nothing)
    by_seed = np.array(list(sample.by_seed.values()))  # [seeds, measures]
    return Evidence(
        entry=name[0],
        language=name[1],
        n_queries=sample.n_queries,
        n_seeds=len(by_seed),
        mean=sample.mean.value,
        low=low,
        high=high,
        queries_low=queries_low,
        queries_high=queries_high,
        seeds_low=seeds_low,
        seeds_high=seeds_high,
        seed_sd=by_seed.std(axis=0, ddof=1) if len(by_seed) > 1 else nothing,
        delta=nothing if delta is None else delta.value,
        delta_low=delta_low,
        delta_high=delta_high,
        standardised=size.standardised,
        wins=size.wins,
        ties=size.ties,
        losses=size.losses,
        equivalence=nothing if delta is None else tost(delta, margin),
        detectable=nothing if delta is None else minimum_detectable(delta),
        **tests,
    )


def _bounds(resampled: Floats, estimate: Estimate) -> tuple[Floats, Floats]:
    """Return the percentile interval of corrected resamples; NaN where the error is."""
    low, high = percentiles(stretched(resampled, estimate))
    known = ~np.isnan(estimate.error)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
