"""The scores of one entry in one language, or averaged, with their errors; and the paired difference of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats
from harness.stats.entry_scores import EntryScores
from harness.stats.intervals import (
    Estimate,
    Noise,
    averaged,
    difference,
    over_both,
    over_queries,
    over_seeds,
    paired,
    seed_noise,
)


@dataclass(frozen=True)
class Sample:
    """One entry in one language, or averaged over `parts`.

    `one_seed`: trained with one seed (in any of the languages), so that its spread over seeds is unknown.
    """

    n_queries: int
    by_seed: Mapping[int, Floats]  # seed → [measures]
    one_seed: bool
    mean: Estimate
    over_queries: Estimate
    over_seeds: Estimate | None
    values: Floats  # [seeds, queries, measures]; of an average: empty
    scores: Floats  # [queries, measures], averaged over seeds; of an average: empty
    noise: Noise | None  # of the seeds, in one language; None for an average
    parts: tuple[Sample, ...] = ()  # of an average: one per language


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


def sample(scores: EntryScores) -> Sample:
    """Return the sample of one entry in one language."""
    values = scores.values
    averaged_over_seeds = scores.over_seeds
    return Sample(
        n_queries=values.shape[1],
        by_seed=scores.means,
        one_seed=scores.one_seed,
        mean=level(values),
        over_queries=level(averaged_over_seeds[None]),
        over_seeds=over_seeds(values),
        values=values,
        scores=averaged_over_seeds,
        noise=seed_noise(values),
    )


def average(parts: Sequence[Sample]) -> Sample:
    """Return the sample of an entry averaged over languages, which are weighted equally."""
    seeds = [part.over_seeds for part in parts if part.over_seeds is not None]
    shared = [seed for seed in parts[0].by_seed if all(seed in part.by_seed for part in parts)]
    nothing = np.empty((0, 0))
    return Sample(
        n_queries=sum(part.n_queries for part in parts),
        by_seed={seed: np.mean([part.by_seed[seed] for part in parts], axis=0) for seed in shared},
        one_seed=any(part.one_seed for part in parts),
        mean=averaged([part.mean for part in parts]),
        over_queries=averaged([part.over_queries for part in parts]),
        over_seeds=averaged(seeds) if len(seeds) == len(parts) else None,
        values=nothing,
        scores=nothing,
        noise=None,
        parts=tuple(parts),
    )


def sample_difference(sample: Sample, other: Sample) -> Estimate:
    """Return the paired difference of two entries in one language, or of two averages over the same languages."""
    if sample.parts:
        parts = zip(sample.parts, other.parts, strict=True)
        return averaged([sample_difference(part, other_part) for part, other_part in parts])
    scores = sample.scores - other.scores
    return paired(scores, (sample.noise, other.noise)) if len(scores) > 1 else _without_error(scores[0])


def are_identical(sample: Sample, other: Sample) -> NDArray[np.bool_]:
    """Return whether the scores of all queries and seeds are equal bit for bit.  [measures]

    One seed is compared with every seed of the other entry; other numbers of seeds have to agree.
    """
    if sample.parts:
        parts = zip(sample.parts, other.parts, strict=True)
        return np.asarray(np.all([are_identical(part, other_part) for part, other_part in parts], axis=0))
    if len({1, len(sample.values), len(other.values)}) > 2:
        return np.zeros(sample.values.shape[2], dtype=np.bool_)
    equal: NDArray[np.bool_] = (sample.values == other.values).all(axis=(0, 1))
    return equal
