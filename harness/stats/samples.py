"""The scores of one entry in one language, or averaged, with their resamples; and the paired difference of two.

Everything that stands behind an interval is drawn here, once, whatever it is compared with later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.keys import derive
from harness.stats.align import Floats
from harness.stats.bootstrap import DRAWS, percentiles, resample_counts
from harness.stats.crossed import crossed_means, stretched
from harness.stats.intervals import (
    Estimate,
    Noise,
    averaged,
    difference,
    noise,
    over_both,
    over_queries,
    over_seeds,
    paired,
)
from harness.stats.permutation import stratified
from harness.stats.summary import Scored


@dataclass(frozen=True)
class Sample:
    """One entry in one language, or averaged over `parts`: its mean, and resamples of it."""

    n_queries: int
    by_seed: Mapping[int, Floats]  # seed → [measures]
    over_queries: Estimate
    over_seeds: Estimate | None
    scores: Floats  # [queries, measures], averaged over seeds; of the average: scaled (permutation.stratified)
    mean: Estimate
    means: Floats  # [draws, measures]
    noise: Noise | None  # of the seeds, in one language; None of the average
    parts: tuple[Sample, ...] = ()  # of the average: one a language


@dataclass(frozen=True)
class Gap:
    """The paired difference of one entry to another, and its resamples.  [draws, measures]"""

    estimate: Estimate
    resampled: Floats


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


def samples(here: Mapping[str, Scored], language: str) -> dict[str, Sample]:
    """Return the sample of each entry of one language: queries resampled alike for all, seeds for each on its own."""
    if not here:
        return {}
    values = {entry: scores.values for entry, scores in sorted(here.items())}
    queries = resample_counts(len(next(iter(values.values()))[0]), DRAWS, derive(0, "bootstrap", language))
    found = {}
    for entry, own in values.items():
        seeds = resample_counts(len(own), DRAWS, derive(0, "seeds", language, entry))
        averaged_over_seeds = own.mean(axis=0)
        found[entry] = Sample(
            n_queries=own.shape[1],
            by_seed=here[entry].means,
            over_queries=level(averaged_over_seeds[None]),
            over_seeds=over_seeds(own),
            scores=averaged_over_seeds,
            mean=level(own),
            means=crossed_means(own, queries, seeds),
            noise=noise(own),
        )
    return found


def average(parts: Sequence[Sample]) -> Sample:
    """Return the sample of an entry averaged over languages, which are weighed alike."""
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


def gap(own: Sample, other: Sample) -> Gap:
    """Return the difference of two entries in one language, or of two averages over the same languages."""
    if own.parts:
        return average_gap([gap(*both) for both in zip(own.parts, other.parts, strict=True)])
    scores = own.scores - other.scores
    estimate = paired(scores, (own.noise, other.noise)) if len(scores) > 1 else _unknown(scores[0])
    return Gap(estimate, own.means - other.means)


def average_gap(gaps: Sequence[Gap]) -> Gap:
    """Return the average of the differences in several languages."""
    first, *others = (one.resampled for one in gaps)
    return Gap(averaged([one.estimate for one in gaps]), sum(others, first) / len(gaps))


def joined(estimates: Sequence[Estimate]) -> Estimate:
    """Return several estimates as one of all their columns."""
    parts = (np.concatenate([getattr(one, name) for one in estimates]) for name in ("value", "error", "freedom"))
    return Estimate(*parts)


def bounds(resampled: Sequence[Floats], estimates: Sequence[Estimate]) -> tuple[Floats, Floats]:
    """Return the percentile intervals of corrected resamples, NaN where the error is.  [entries, measures] each"""
    estimate = joined(estimates)
    known = ~np.isnan(estimate.error)
    both = percentiles(stretched(np.concatenate(resampled, axis=1), estimate))
    low, high = (np.where(known, bound, np.nan).reshape(len(estimates), -1) for bound in both)
    return low, high
