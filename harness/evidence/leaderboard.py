"""Records → leaderboard: one row per entry, language and measure, and the average over languages.

The numbers are those of harness.stats.entry_statistics: intervals are over queries and seeds, p_adjusted is Holm's
within all pairs of entries of a language and measure. `verdict` is that of harness.evidence.claims.verdicts on the
one claim about a row, else empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import unknown
from harness.evidence.claims.verdicts import Line, verdicts_by_row, verdicts_on
from harness.evidence.contrasts.measured import MeasuredContrast, measured_contrasts
from harness.results.folder import ResultFolder, read_result_folder
from harness.results.record import Pair, Record
from harness.results.run_file import RunFile
from harness.stats.contrasts import Contrast
from harness.stats.entry_scores import BASE, EntryScores, overall
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.suite_statistics import SuiteStatistics, suite_statistics

if TYPE_CHECKING:
    import pandas

COLUMNS = (
    "suite",
    "entry",
    "language",
    "measure",
    "mean",
    "ci_low",
    "ci_high",
    "n_queries",
    "n_seeds",
    "seed_sd",
    "delta_vs_base",
    "delta_ci_low",
    "delta_ci_high",
    "p_adjusted",
    "verdict",
)


@dataclass(frozen=True)
class Leaderboard:
    """What the records of one folder show together."""

    results: ResultFolder
    baseline: str  # as asked for; `baseline_of` says what it is for an entry
    statistics: SuiteStatistics
    lines: tuple[Line, ...]  # every published claim, with its verdict
    rows: pandas.DataFrame  # COLUMNS

    @property
    def suite(self) -> str:
        """The name of the suite."""
        return self.results.suite

    @property
    def primary(self) -> str:
        """The measure to sort by."""
        return self.results.primary

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures, the primary one first."""
        return self.results.measures

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in the order of the request."""
        return self.results.languages

    @property
    def overall(self) -> str:
        """What rows are ordered by and compared in: the average of the languages, or the only language."""
        return overall(self.languages)

    @property
    def records(self) -> tuple[Record, ...]:
        """The done records."""
        return self.results.records

    @property
    def failures(self) -> tuple[Record, ...]:
        """The records of failed cells."""
        return self.results.failures

    @property
    def run(self) -> RunFile:
        """run.json."""
        return self.results.run

    @property
    def records_by_pair(self) -> Mapping[Pair, tuple[Record, ...]]:
        """The done records of each entry and language, by seed."""
        return self.results.records_by_pair

    @property
    def scored(self) -> Mapping[Pair, EntryScores]:
        """The scores of each entry and language, measures in the order of `measures`."""
        return self.results.scored

    @property
    def evidence(self) -> tuple[EntryStatistics, ...]:
        """The statistics of each row, against the baseline."""
        return self.statistics.entries

    @property
    def models(self) -> tuple[str, ...]:
        """The named base models; none in a run of one model."""
        return self.results.models

    def baseline_of(self, entry: str) -> str:
        """Return what an entry is compared with: the baseline, or the one on the entry's own base model."""
        return self.results.baseline_of(entry, self.baseline)

    @cached_property
    def baselines(self) -> frozenset[str]:
        """The measured entries that are compared with themselves: the baseline, or one of each base model."""
        return frozenset(entry for entry, _ in self.scored if self.baseline_of(entry) == entry)

    @property
    def own_baselines(self) -> bool:
        """Whether entries are compared with the baseline of their own base model."""
        return bool(self.models) and self.baseline not in self.results.measured

    @property
    def baseline_name(self) -> str:
        """The baseline as differences to it are called: its name, or `own base`."""
        return f"own {self.baseline}" if self.own_baselines else self.baseline

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """The difference of every entry to every other; none for more than harness.stats.contrasts.MAX_ENTRIES."""
        return self.statistics.contrasts()

    @cached_property
    def measured_contrasts(self) -> tuple[MeasuredContrast, ...]:
        """The published contrasts that two rows measure, each with its verdicts."""
        return measured_contrasts(self.results, self.statistics, self.lines)


def collate(folder: Path, baseline: str = BASE) -> Leaderboard:
    """Return the leaderboard of an output folder, entries compared with `baseline`.

    Raises what `read_result_folder` raises, DataError where entries of a language answer different queries, and
    RequestError for a baseline other than the default that was not measured.
    """
    return leaderboard_of(read_result_folder(folder), baseline)


def leaderboard_of(results: ResultFolder, baseline: str = BASE) -> Leaderboard:
    """Return the leaderboard of a folder that has been read."""
    if baseline != BASE and not results.is_baseline(baseline):
        raise unknown("baseline", baseline, results.measured, str(results.path))
    statistics = suite_statistics(
        results.scored, results.languages, baseline=partial(results.baseline_of, baseline=baseline)
    )
    lines = tuple(verdicts_on(results))
    verdicts = verdicts_by_row(lines, results.suite)
    rows = _frame(results.suite, results.measures, statistics.entries)
    names = zip(*(rows[name] for name in ("entry", "language", "measure")), strict=True)
    rows = rows.assign(verdict=[verdicts.get(row, "") for row in names])
    return Leaderboard(results, baseline, statistics, lines, rows)


def _frame(suite: str, measures: Sequence[str], evidence: Iterable[EntryStatistics]) -> pandas.DataFrame:
    """Return the evidence as a table, ordered by entry, language (average last) and measure (primary first)."""
    import pandas

    rows: list[tuple[object, ...]] = []
    for line in sorted(evidence, key=lambda line: line.entry):  # stable: languages keep their order
        for i, measure in enumerate(measures):
            name = (suite, line.entry, line.language, measure)
            level = (line.mean[i], line.low[i], line.high[i], line.n_queries, line.n_seeds, line.seed_sd[i])
            delta = (line.delta[i], line.delta_low[i], line.delta_high[i], line.p_adjusted[i])
            rows.append((*name, *level, *delta, ""))
    return pandas.DataFrame(rows, columns=list(COLUMNS))
