"""The difference of every entry to every other: the statistics of harness.stats.entry_statistics for every baseline.

Estimates, intervals and tests use the same resamples and sign flips as these. Holm's family is the entries of one
language × measure compared with one baseline: each baseline is a question of its own, and a reader who looks through
all of them asks them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.stats.align import Floats
from harness.stats.entry_scores import AVERAGE
from harness.stats.pairwise import PairwiseTests
from harness.stats.samples import Sample, SampleDifference, average_difference, bounds, sample_difference

MAX_ENTRIES = 20  # that are compared each with each: 190 pairs, a second or two


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
class ComparedEntries:
    """The entries that are compared with each other in one language, or averaged.

    `adjusted` holds Holm's p: (baseline, entry) → [measures]. Made by `compared_entries`.
    """

    language: str
    samples: Mapping[str, Sample]
    adjusted: Mapping[tuple[str, str], Floats]


def compared_entries(language: str, samples: Mapping[str, Sample], tests: PairwiseTests) -> ComparedEntries:
    """Return entries that were tested against each other; `tests` numbers them in the order of their names.

    The resamples of a column are stored side by side from here on: they are sorted for every pair.
    """
    entries = sorted(samples)
    adjusted = {
        (baseline, entry): p
        for i, baseline in enumerate(entries)
        for entry, p in zip(entries, tests.corrected(i)[1], strict=True)
    }
    kept = {entry: replace(item, means=np.asfortranarray(item.means), parts=()) for entry, item in samples.items()}
    return ComparedEntries(language, kept, adjusted)


def contrasts(compared: Sequence[ComparedEntries]) -> tuple[Contrast, ...]:
    """Return both contrasts of every two entries, by baseline, then language in the order given, then entry.

    The average has to follow its languages.
    """
    entries = sorted({entry for group in compared for entry in group.samples})
    pairs = [pair for i, entry in enumerate(entries) for pair in _against(compared, entry, entries[i + 1 :])]
    places = {group.language: i for i, group in enumerate(compared)}
    return tuple(sorted(pairs, key=lambda pair: (pair.baseline, places[pair.language], pair.entry)))


def _against(compared: Sequence[ComparedEntries], baseline: str, entries: Sequence[str]) -> Iterator[Contrast]:
    """Yield the contrasts of each of `entries` with the baseline, and of the baseline with each of them."""
    differences: dict[str, list[SampleDifference]] = {entry: [] for entry in entries}
    for group in compared:
        samples, adjusted = group.samples, group.adjusted
        present = [entry for entry in entries if entry in samples and baseline in samples]
        if not present:
            continue
        for entry in present:
            differences[entry].append(
                average_difference(differences[entry])
                if group.language == AVERAGE
                else sample_difference(samples[entry], samples[baseline])
            )
        latest = [differences[entry][-1] for entry in present]
        estimates = [difference.estimate for difference in latest]
        lows, highs = bounds([difference.resampled for difference in latest], estimates)
        for entry, estimate, low, high in zip(present, estimates, lows, highs, strict=True):
            yield Contrast(
                entry=entry,
                baseline=baseline,
                language=group.language,
                delta=estimate.value,
                low=low,
                high=high,
                p_adjusted=adjusted[baseline, entry],
            )
            yield Contrast(
                entry=baseline,
                baseline=entry,
                language=group.language,
                delta=0.0 - estimate.value,  # 0.0 −, so that nothing is −0.0
                low=0.0 - high,
                high=0.0 - low,
                p_adjusted=adjusted[entry, baseline],
            )
