"""The difference of every entry to every other: the one inference behind p, intervals, letters, ranks and findings.

A difference is harness.stats.intervals.difference: queries are paired, and each side adds the noise of its own seeds.
From this one estimate come

    interval      the 95 % interval
    p             its two-sided p: at most .05 exactly where the interval does not hold 0
    p_adjusted    Holm's p within the family: all pairs of entries of one language (or the average) and measure. It does
                  not depend on the baseline a reader selects, and differences, letters and ranks follow from it

Where a side is trained and has one seed (`blind`), its spread over seeds is unknown: both p are NaN, nothing is shown,
the pair is not in the family, and the interval is without this spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats
from harness.stats.intervals import Estimate, joined, two_sided_p
from harness.stats.multiple import holm_by_column
from harness.stats.samples import Sample, are_identical, sample_difference

MAX_ENTRIES = 40  # whose contrasts are listed: 780 pairs, 2 MB of the page's data; more are tested all the same

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Contrast:
    """One entry less another in one language, or averaged; arrays are [measures].

    Bounds and p are NaN over one query, p also where `blind`. `identical`: all scores are equal bit for bit.
    """

    entry: str
    baseline: str
    language: str
    delta: Floats
    low: Floats
    high: Floats
    p: Floats
    p_adjusted: Floats
    identical: Flags
    blind: bool


@dataclass(frozen=True)
class Contrasts:
    """Every entry less every other in one language, or averaged.  Arrays are [entries, entries, measures]

    `estimate` at [i, j] is of entry i less entry j. On the diagonal numbers are NaN, flags False.
    """

    language: str
    entries: tuple[str, ...]  # by name
    estimate: Estimate
    p: Floats
    p_adjusted: Floats
    identical: Flags
    blind: Flags  # [entries, entries]


def all_contrasts(language: str, samples: Mapping[str, Sample]) -> Contrasts:
    """Return the contrasts of entries that answer the same queries."""
    entries = tuple(sorted(samples))
    pairs = list(combinations((samples[entry] for entry in entries), 2))
    shape = (len(pairs), len(samples[entries[0]].mean.value))
    blind = np.array([one.one_seed or other.one_seed for one, other in pairs], dtype=np.bool_)
    identical = np.array([are_identical(*pair) for pair in pairs], dtype=np.bool_).reshape(shape)
    estimate = _stacked([sample_difference(*pair) for pair in pairs], shape)
    p = np.where(blind[:, None], np.nan, two_sided_p(estimate))
    count = len(entries)
    values = _matrix(count, estimate.value)
    below = np.tril(np.ones((count, count), dtype=np.bool_))[:, :, None]
    opposite = np.where(below, 0.0 - values, values)  # 0.0 −, so that nothing is −0.0
    return Contrasts(
        language=language,
        entries=entries,
        estimate=replace(estimate.each(partial(_matrix, count)), value=opposite),
        p=_matrix(count, p),
        p_adjusted=_matrix(count, holm_by_column(p)),
        identical=_matrix(count, identical) == 1,
        blind=_matrix(count, blind) == 1,
    )


def _stacked(estimates: Sequence[Estimate], shape: tuple[int, int]) -> Estimate:
    """Return estimates of [measures] as one of [pairs, measures]."""
    if not estimates:
        return Estimate(*np.empty((3, *shape)))
    return joined(estimates).each(lambda values: values.reshape(shape))


def _matrix(count: int, values: NDArray[Any]) -> Floats:
    """Return values of pairs of `count` entries [pairs, …] as [entries, entries, …], symmetric, NaN on the diagonal."""
    matrix = np.full((count, count, *values.shape[1:]), np.nan)
    above = np.triu_indices(count, k=1)
    matrix[above] = values
    matrix[above[::-1]] = values
    return matrix


def listed(by_language: Sequence[Contrasts]) -> tuple[Contrast, ...]:
    """Return both contrasts of every two entries, by baseline, then language in the order given, then entry."""
    entries = sorted({entry for contrasts in by_language for entry in contrasts.entries})
    return tuple(
        contrast
        for baseline in entries
        for contrasts in by_language
        if baseline in contrasts.entries
        for contrast in _against(contrasts, contrasts.entries.index(baseline))
    )


def _against(contrasts: Contrasts, baseline: int) -> Iterator[Contrast]:
    """Yield the contrasts of all other entries with one of them."""
    lows, highs = contrasts.estimate.at((slice(None), baseline)).interval()
    for i, entry in enumerate(contrasts.entries):
        if i != baseline:
            yield Contrast(
                entry=entry,
                baseline=contrasts.entries[baseline],
                language=contrasts.language,
                delta=contrasts.estimate.value[i, baseline],
                low=lows[i],
                high=highs[i],
                p=contrasts.p[i, baseline],
                p_adjusted=contrasts.p_adjusted[i, baseline],
                identical=contrasts.identical[i, baseline],
                blind=bool(contrasts.blind[i, baseline]),
            )
