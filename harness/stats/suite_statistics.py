"""The statistics of all entries of a suite against one baseline, and the contrasts of every two entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from harness.keys import derive
from harness.stats.contrasts import MAX_ENTRIES, ComparedEntries, Contrast, compared_entries, contrasts
from harness.stats.entry_scores import AVERAGE, BASE, EntryScores
from harness.stats.entry_statistics import EntryStatistics, entry_statistics
from harness.stats.pairwise import PairwiseTests
from harness.stats.samples import Sample, average, samples


@dataclass(frozen=True)
class SuiteStatistics:
    """Every entry in every language and averaged, and what the contrasts of every two entries are computed from."""

    entries: tuple[EntryStatistics, ...]
    compared: tuple[ComparedEntries, ...]  # by language; empty for more than MAX_ENTRIES entries

    def contrasts(self) -> tuple[Contrast, ...]:
        """Return the difference of every entry to every other; empty for more than MAX_ENTRIES entries."""
        with single_threaded():
            return contrasts(self.compared)


def suite_statistics(
    scored: Mapping[tuple[str, str], EntryScores], languages: Sequence[str], *, baseline: str = BASE
) -> SuiteStatistics:
    """Return the statistics of each (entry, language), in the order of `languages`, then of the averages.

    Entries that lack a language have no average. Raises ValueError for scores that are not finite.
    """
    few = len({entry for entry, _ in scored}) <= MAX_ENTRIES
    statistics: list[EntryStatistics] = []
    compared: list[ComparedEntries] = []
    with single_threaded():
        for language, by_entry in _samples(scored, languages).items():
            scores = np.stack([by_entry[entry].scores for entry in sorted(by_entry)], axis=1)
            tests = PairwiseTests(scores, derive(0, "flips", language))  # scores: [queries, entries, measures]
            statistics += entry_statistics(language, by_entry, tests, baseline)
            if few:
                compared.append(compared_entries(language, by_entry, tests))
    return SuiteStatistics(tuple(statistics), tuple(compared))


def single_threaded() -> AbstractContextManager[object]:
    """Return a context in which matrix products use one thread.

    Their last bits depend on the number of threads, and so would a report on the machine that writes it. They are
    many and small: on two busy cores, waiting for the second thread took several times the work itself.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits


def _samples(scored: Mapping[tuple[str, str], EntryScores], languages: Sequence[str]) -> dict[str, dict[str, Sample]]:
    """Return language → entry → sample, the average last; languages without an entry are left out."""
    by_language = {
        language: samples({entry: scores for (entry, where), scores in scored.items() if where == language}, language)
        for language in languages
    }
    parts: dict[str, list[Sample]] = {}
    for by_entry in by_language.values():
        for entry, sample in by_entry.items():
            parts.setdefault(entry, []).append(sample)
    complete = {entry: each for entry, each in parts.items() if len(each) == len(languages)}
    by_language[AVERAGE] = {entry: average(each) for entry, each in complete.items()}
    return {language: by_entry for language, by_entry in by_language.items() if by_entry}
