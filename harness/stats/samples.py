"""The scores of one entry in one language, or averaged, with their resamples; and the paired difference of two.

Everything behind an interval is drawn here, once, whatever the entry is compared with later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.keys import derive
from harness.stats.align import Floats
from harness.stats.bootstrap import DRAWS, percentiles, resample_counts
from harness.stats.crossed import crossed_means, stretched
from harness.stats.entry_scores import EntryScores
from harness.stats.intervals import (
    Estimate,
    Noise,
    averaged,
    difference,
    joined,
    over_both,
    over_queries,
    over_seeds,
    paired,
    seed_noise,
)
from harness.stats.permutation import stratified


@dataclass(frozen=True)
class Sample:
    """One entry in one language, or averaged over `parts`: its mean, and resamples of it."""

    n_queries: int
    by_seed: Mapping[int, Floats]  # seed → [measures]
    over_queries: Estimate
    over_seeds: Estimate | None
    scores: Floats  # [queries, measures], averaged over seeds; of an average: scaled (permutation.stratified)
    mean: Estimate
    means: Floats  # [draws, measures]
    noise: Noise | None  # of the seeds, in one language; None for an average
    parts: tuple[Sample, ...] = ()  # of an average: one per language


@dataclass(frozen=True)
class SampleDifference:
    """The paired difference of one entry to another, and its resamples.  [draws, measures]"""

    estimate: Estimate
    resampled: Floats


def level(values: Floats) -> Estimate:
    """Return the mean over queries and seeds, over queries only for one seed.  values [seeds, queries, measures]

    The error over one query is NaN.
    """
    if values.shape[1] < 2:
        return _without_error(values.mean(axis=(0, 1)))
    return over_both(values) or over_queries(values[0])


def gain(new: Floats, old: Floats) -> Estimate:
    """Return the paired difference of two entries over queries and seeds; the error over one query is NaN."""
    if new.shape[1] < 2:
        return _without_error(new.mean(axis=(0, 1)) - old.mean(axis=(0, 1)))
    return difference(new, old)


def _without_error(value: Floats) -> Estimate:
    return Estimate(value, np.full_like(value, np.nan), np.full_like(value, np.inf))


def samples(scored: Mapping[str, EntryScores], language: str) -> dict[str, Sample]:
    """Return the sample of each entry of one language; all share the resamples of queries, each has its own of seeds.

    The resamples depend on the names of the language and the entry only.
    """
    if not scored:
        return {}
    values_by_entry = {entry: scores.values for entry, scores in sorted(scored.items())}
    n_queries = next(iter(values_by_entry.values())).shape[1]
    queries = resample_counts(n_queries, DRAWS, derive(0, "bootstrap", language))
    by_entry = {}
    for entry, values in values_by_entry.items():
        seeds = resample_counts(len(values), DRAWS, derive(0, "seeds", language, entry))
        averaged_over_seeds = values.mean(axis=0)
        by_entry[entry] = Sample(
            n_queries=values.shape[1],
            by_seed=scored[entry].means,
            over_queries=level(averaged_over_seeds[None]),
            over_seeds=over_seeds(values),
            scores=averaged_over_seeds,
            mean=level(values),
            means=crossed_means(values, queries, seeds),
            noise=seed_noise(values),
        )
    return by_entry


def average(parts: Sequence[Sample]) -> Sample:
    """Return the sample of an entry averaged over languages, which are weighted equally."""
    seeds = [part.over_seeds for part in parts if part.over_seeds is not None]
    shared = [seed for seed in parts[0].by_seed if all(seed in part.by_seed for part in parts)]
    return Sample(
        n_queries=sum(part.n_queries for part in parts),
        by_seed={seed: np.mean([part.by_seed[seed] for part in parts], axis=0) for seed in shared},
        over_queries=averaged([part.over_queries for part in parts]),
        over_seeds=averaged(seeds) if len(seeds) == len(parts) else None,
        scores=stratified([part.scores for part in parts]),
        mean=averaged([part.mean for part in parts]),
        means=np.mean([part.means for part in parts], axis=0),
        noise=None,
        parts=tuple(parts),
    )


def sample_difference(sample: Sample, other: Sample) -> SampleDifference:
    """Return the difference of two entries in one language, or of two averages over the same languages."""
    if sample.parts:
        parts = zip(sample.parts, other.parts, strict=True)
        return average_difference([sample_difference(part, other_part) for part, other_part in parts])
    scores = sample.scores - other.scores
    estimate = paired(scores, (sample.noise, other.noise)) if len(scores) > 1 else _without_error(scores[0])
    return SampleDifference(estimate, sample.means - other.means)


def average_difference(differences: Sequence[SampleDifference]) -> SampleDifference:
    """Return the average of the differences in several languages."""
    first, *others = (difference.resampled for difference in differences)
    estimate = averaged([difference.estimate for difference in differences])
    return SampleDifference(estimate, sum(others, first) / len(differences))


def bounds(resampled: Sequence[Floats], estimates: Sequence[Estimate]) -> tuple[Floats, Floats]:
    """Return the percentile intervals of stretched resamples, NaN without an error.  [entries, measures] each"""
    estimate = joined(estimates)
    known = ~np.isnan(estimate.error)
    limits = percentiles(stretched(np.concatenate(resampled, axis=1), estimate))
    low, high = (np.where(known, limit, np.nan).reshape(len(estimates), -1) for limit in limits)
    return low, high
