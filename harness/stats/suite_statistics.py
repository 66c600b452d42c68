"""The statistics of all entries of a suite, each against its baseline, and the contrasts of every two entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.stats.contrasts import MAX_ENTRIES, Contrast, Contrasts, all_contrasts, listed
from harness.stats.entry_scores import AVERAGE, BASE, EntryScores
from harness.stats.entry_statistics import EntryStatistics, entry_statistics
from harness.stats.samples import Sample, average, sample


@dataclass(frozen=True)
class SuiteStatistics:
    """Every entry in every language and averaged, and the contrasts of every two entries, by language."""

    entries: tuple[EntryStatistics, ...]
    by_language: tuple[Contrasts, ...]

    def contrasts(self) -> tuple[Contrast, ...]:
        """Return the difference of every entry to every other; empty for more than MAX_ENTRIES entries."""
        entries = {entry for contrasts in self.by_language for entry in contrasts.entries}
        return listed(self.by_language) if len(entries) <= MAX_ENTRIES else ()


def suite_statistics(
    scored: Mapping[tuple[str, str], EntryScores],
    languages: Sequence[str],
    *,
    baseline: str | Callable[[str], str] = BASE,
) -> SuiteStatistics:
    """Return the statistics of each (entry, language), in the order of `languages`, then of the averages.

    `baseline` is what the entries are compared with, or says it of each entry; where it was not measured, there is no
    difference.
    Entries that lack a language have no average. Raises ValueError for scores that are not finite.
    """
    statistics: list[EntryStatistics] = []
    by_language: list[Contrasts] = []
    for language, samples in _samples(scored, languages).items():
        contrasts = all_contrasts(language, samples)
        statistics += entry_statistics(samples, contrasts, baseline if callable(baseline) else lambda _: baseline)
        by_language.append(contrasts)
    return SuiteStatistics(tuple(statistics), tuple(by_language))


def _samples(scored: Mapping[tuple[str, str], EntryScores], languages: Sequence[str]) -> dict[str, dict[str, Sample]]:
    """Return language → entry → sample, the average last; languages without an entry are left out."""
    by_language = {
        language: {entry: sample(scores) for (entry, where), scores in sorted(scored.items()) if where == language}
        for language in languages
    }
    parts: dict[str, list[Sample]] = {}
    for samples in by_language.values():
        for entry, each in samples.items():
            parts.setdefault(entry, []).append(each)
    complete = {entry: each for entry, each in parts.items() if len(each) == len(languages)}
    by_language[AVERAGE] = {entry: average(each) for entry, each in complete.items()}
    return {language: samples for language, samples in by_language.items() if samples}
