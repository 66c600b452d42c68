"""What the scores of a whole suite show: intervals, tests, effects and ranks of every entry, language and measure.

    interval            of the mean over queries and seeds: crossed bootstrap (harness.stats.crossed); over queries
                        alone for an entry of one seed, whose spread from seed to seed is unknown or none
    delta               to the declared baseline on the same queries, with the interval of the paired difference
    p, p_adjusted       sign-flip permutation test of the scores averaged over seeds; Holm within the family, which is
                        the entries of one suite × language × measure
    detectable          the smallest true difference to the baseline found with α .05 and power .8, seeds counted
    rank_best, _worst   95 % interval of the rank among the entries of the language; group: entries not told apart

The average over languages weighs them alike: its resamples and errors are those of independent languages, its test
flips the signs of all queries, scaled so that their mean is the average. Everything is in units of the measure.
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
from harness.stats.intervals import Estimate, averaged, difference, over_both, over_queries
from harness.stats.multiple import holm
from harness.stats.permutation import draw_flips, flipped_means, p_values, stratified
from harness.stats.power import minimum_detectable
from harness.stats.ranks import Integers, rank_intervals, tie_groups
from harness.stats.summary import AVERAGE, BASE, Scored


@dataclass(frozen=True)
class Evidence:
    """One entry in one language, or averaged; arrays are [measures], NaN where there is no baseline to compare with."""

    entry: str
    language: str
    n_seeds: int
    mean: Floats
    low: Floats
    high: Floats
    delta: Floats
    delta_low: Floats
    delta_high: Floats
    p: Floats
    p_adjusted: Floats
    standardised: Floats
    wins: Floats
    ties: Floats
    losses: Floats
    detectable: Floats
    rank_best: Integers
    rank_worst: Integers
    group: Integers


@dataclass(frozen=True)
class _Sample:
    """One entry in one language, or averaged: its mean, its difference to the baseline, and resamples of both."""

    n_seeds: int
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
) -> list[Evidence]:
    """Return the evidence on each (entry, language) scored, in the order of `languages`, then on the averages.

    Raises ValueError for scores that are not finite.
    """
    found: list[Evidence] = []
    parts: dict[str, list[_Sample]] = {}
    for language in languages:
        here = {entry: scores for (entry, where), scores in scored.items() if where == language}
        samples = _samples(here, language, baseline, tie)
        found += _judged(samples, language, baseline)
        for entry, sample in samples.items():
            parts.setdefault(entry, []).append(sample)
    complete = {entry: _average(own) for entry, own in parts.items() if len(own) == len(languages)}
    return found + _judged(complete, AVERAGE, baseline)


def _samples(here: Mapping[str, Scored], language: str, baseline: str, tie: float) -> dict[str, _Sample]:
    """Return the samples of one language: queries resampled alike for all entries, seeds for each on its own."""
    if not here:
        return {}
    values = {entry: np.stack(list(scores.by_seed.values())) for entry, scores in sorted(here.items())}
    queries = resample_counts(len(next(iter(values.values()))[0]), DRAWS, derive(0, "bootstrap", language))
    means = {
        entry: crossed_means(own, queries, resample_counts(len(own), DRAWS, derive(0, "seeds", language, entry)))
        for entry, own in values.items()
    }
    base = values.get(baseline)
    samples = {}
    for entry, own in values.items():
        compared = entry != baseline and base is not None
        samples[entry] = _Sample(
            n_seeds=len(own),
            scores=own.mean(axis=0),
            mean=over_both(own) or over_queries(own[0]),
            means=means[entry],
            delta=difference(own, base) if base is not None and compared else None,
            deltas=means[entry] - means[baseline] if compared else None,
            effect=effect(own.mean(axis=0) - base.mean(axis=0), tie) if base is not None and compared else None,
        )
    return samples


def _average(parts: Sequence[_Sample]) -> _Sample:
    deltas = [part.delta for part in parts if part.delta is not None]
    resampled = [part.deltas for part in parts if part.deltas is not None]
    effects = [part.effect for part in parts if part.effect is not None]
    whole = len(deltas) == len(parts)
    return _Sample(
        n_seeds=min(part.n_seeds for part in parts),
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


def _judged(samples: Mapping[str, _Sample], language: str, baseline: str) -> list[Evidence]:
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
    best, worst, group = (np.empty((count, measures), dtype=np.int64) for _ in range(3))
    for i in range(measures):
        best[:, i], worst[:, i] = rank_intervals(drawn[:, :, i])
        group[:, i] = tie_groups(means[:, i], partial(against, measure=i))
    tests = (p, adjusted, best, worst, group)
    return [
        _line(entry, language, samples[entry], drawn[:, i], [test[i] for test in tests])
        for i, entry in enumerate(entries)
    ]


def _line(entry: str, language: str, sample: _Sample, drawn: Floats, tests: Sequence[Any]) -> Evidence:
    low, high = percentiles(drawn)
    delta_low = delta_high = nothing = np.full_like(low, np.nan)
    if sample.delta is not None and sample.deltas is not None:
        delta_low, delta_high = percentiles(stretched(sample.deltas, sample.delta))
    size = sample.effect or Effect(nothing, nothing, nothing, nothing, nothing)
    p, adjusted, best, worst, group = tests
    return Evidence(
        entry=entry,
        language=language,
        n_seeds=sample.n_seeds,
        mean=sample.mean.value,
        low=low,
        high=high,
        delta=nothing if sample.delta is None else sample.delta.value,
        delta_low=delta_low,
        delta_high=delta_high,
        p=p,
        p_adjusted=adjusted,
        standardised=size.standardised,
        wins=size.wins,
        ties=size.ties,
        losses=size.losses,
        detectable=nothing if sample.delta is None else minimum_detectable(sample.delta),
        rank_best=best,
        rank_worst=worst,
        group=group,
    )
