"""The difference of every entry to every other: the one inference behind p, intervals, letters, ranks and findings.

A difference is harness.stats.intervals.difference: queries are paired, and each side adds the noise of its own seeds.
From this one estimate come

    interval      Student's 95 % interval
    p             Student's two-sided p: at most .05 exactly where the interval does not hold 0
    p_adjusted    Holm's p within the family: all pairs of entries of one language (or the average) and measure. It does
                  not depend on the baseline a reader selects, and differences, letters and ranks follow from it

Where a side is trained and has one seed (`blind`), its spread over seeds is unknown: both p are NaN, nothing is shown,
the pair is not in the family, and the interval is without this spread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats
from harness.stats.intervals import Estimate, two_sided_p
from harness.stats.multiple import holm
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

    `estimate` at [i, j] is of entry i less entry j; on the diagonal it is 0 with error NaN, and p is NaN.
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
    ordered = [samples[entry] for entry in entries]
    shape = (len(entries), len(entries), len(ordered[0].mean.value))
    value, error = np.zeros(shape), np.full(shape, np.nan)
    freedom, p, adjusted = np.full(shape, np.inf), np.full(shape, np.nan), np.full(shape, np.nan)
    identical, blind = np.ones(shape, dtype=np.bool_), np.zeros(shape[:2], dtype=np.bool_)
    for i, j in combinations(range(len(entries)), 2):
        one, other = ordered[i], ordered[j]
        estimate = sample_difference(one, other)
        value[i, j], value[j, i] = estimate.value, 0.0 - estimate.value  # 0.0 −, so that nothing is −0.0
        error[i, j], freedom[i, j] = estimate.error, estimate.freedom
        identical[i, j] = are_identical(one, other)
        blind[i, j] = one.one_seed or other.one_seed
    rows, columns = np.triu_indices(len(entries), k=1)
    above = (rows, columns)
    p[above] = two_sided_p(Estimate(value[above], error[above], freedom[above]))
    p[blind] = np.nan
    adjusted[above] = _adjusted(p[above])
    for matrix in (error, freedom, p, adjusted, identical, blind):
        matrix[columns, rows] = matrix[above]
    return Contrasts(language, entries, Estimate(value, error, freedom), p, adjusted, identical, blind)


def _adjusted(p: Floats) -> Floats:
    """Return Holm's p among those that are known, NaN for the others.  [pairs, measures]"""
    adjusted = np.full_like(p, np.nan)
    for i, known in enumerate(~np.isnan(p.T)):
        adjusted[known, i] = holm(p[known, i])
    return adjusted


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
    lows, highs = contrasts.estimate.interval()
    for i, entry in enumerate(contrasts.entries):
        if i != baseline:
            yield Contrast(
                entry=entry,
                baseline=contrasts.entries[baseline],
                language=contrasts.language,
                delta=contrasts.estimate.value[i, baseline],
                low=lows[i, baseline],
                high=highs[i, baseline],
                p=contrasts.p[i, baseline],
                p_adjusted=contrasts.p_adjusted[i, baseline],
                identical=contrasts.identical[i, baseline],
                blind=bool(contrasts.blind[i, baseline]),
            )
