"""The difference of every entry to every other: what harness.stats.analysis says against each of them as the baseline.

Estimates, intervals and tests are those of the one draw of resamples and sign flips that the evidence is made of.
Holm's family is the entries of one language × measure compared with one baseline: each baseline is a question of its
own, and a reader who looks through all of them asks them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.stats.align import Floats
from harness.stats.pairwise import Pairwise
from harness.stats.samples import Gap, Sample, average_gap, bounds, gap
from harness.stats.summary import AVERAGE

MOST = 20  # entries that are compared each with each: 190 pairs, a second or two


@dataclass(frozen=True)
class Contrast:
    """One entry less another in one language, or averaged; arrays are [measures].

    Bounds are NaN over one query.
    """

    entry: str
    baseline: str
    language: str
    delta: Floats
    low: Floats
    high: Floats
    p_adjusted: Floats


@dataclass(frozen=True)
class Field:
    """The entries that are compared with each other in one language, or averaged.

    `adjusted` holds Holm's p: (baseline, entry) → [measures]. Make it by `field`.
    """

    language: str
    samples: Mapping[str, Sample]
    adjusted: Mapping[tuple[str, str], Floats]


def field(language: str, samples: Mapping[str, Sample], tests: Pairwise) -> Field:
    """Return the field of entries that were tested against each other, numbered in `tests` by their names' order.

    A column's resamples lie side by side in memory from here on: they are sorted for every pair.
    """
    entries = sorted(samples)
    adjusted = {
        (baseline, entry): p
        for i, baseline in enumerate(entries)
        for entry, p in zip(entries, tests.corrected(i)[1], strict=True)
    }
    kept = {entry: replace(one, means=np.asfortranarray(one.means), parts=()) for entry, one in samples.items()}
    return Field(language, kept, adjusted)


def contrasts(fields: Sequence[Field]) -> tuple[Contrast, ...]:
    """Return both contrasts of every two entries of each field, by baseline, in the order of the fields, by entry."""
    entries = sorted({entry for field in fields for entry in field.samples})
    found = [one for i, entry in enumerate(entries) for one in _against(fields, entry, entries[i + 1 :])]
    places = {field.language: i for i, field in enumerate(fields)}
    return tuple(sorted(found, key=lambda one: (one.baseline, places[one.language], one.entry)))


def _against(fields: Sequence[Field], baseline: str, entries: Sequence[str]) -> Iterator[Contrast]:
    """Yield the contrasts of `entries` with one other, and of that with each of them."""
    gaps: dict[str, list[Gap]] = {entry: [] for entry in entries}
    for field in fields:
        here = [entry for entry in entries if entry in field.samples and baseline in field.samples]
        if not here:
            continue
        for entry in here:
            of_language = field.language != AVERAGE
            samples = (field.samples[entry], field.samples[baseline])
            gaps[entry].append(gap(*samples) if of_language else average_gap(gaps[entry]))
        estimates = [gaps[entry][-1].estimate for entry in here]
        lows, highs = bounds([gaps[entry][-1].resampled for entry in here], estimates)
        for entry, estimate, low, high in zip(here, estimates, lows, highs, strict=True):
            numbers = (estimate.value, low, high)
            yield Contrast(entry, baseline, field.language, *numbers, field.adjusted[baseline, entry])
            turned = (0.0 - estimate.value, 0.0 - high, 0.0 - low)  # 0.0 −, so that nothing is −0.0
            yield Contrast(baseline, entry, field.language, *turned, field.adjusted[entry, baseline])
