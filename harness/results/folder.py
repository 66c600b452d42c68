"""A result folder: run.json, its records and their scores per query, read once and checked as a whole.

The report, the gate, comparisons and exports read folders through `read_result_folder`. Verification, rescoring and new
baselines read record by record, for they name each damaged one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.errors import DataError, NothingMeasured, RequestError, one_line
from harness.keys import digest
from harness.machine.garbage import no_collection
from harness.request import suite as suites
from harness.results import checksums, notes
from harness.results.per_query import PerQuery, Reader
from harness.results.record import Pair, Record, read_all, records_by_pair
from harness.results.repeated_seeds import Repeated, fits_one_batch, lines, repeated
from harness.results.run_file import RUN_FILE, RunFile, read_run_file
from harness.stats.align import Floats
from harness.stats.entry_scores import EntryScores


@dataclass(frozen=True)
class ResultFolder:
    """One output folder: its done records with their scores, its failed ones, and run.json."""

    path: Path
    run: RunFile
    records: tuple[Record, ...]  # done, ordered by entry, language and seed
    failures: tuple[Record, ...]
    scores: Mapping[str, PerQuery]  # name of a done record → its scores

    @property
    def suite(self) -> str:
        """The name of the suite."""
        return self.records[0].suite

    @cached_property
    def records_by_pair(self) -> Mapping[Pair, tuple[Record, ...]]:
        """The done records of each entry and language, by seed."""
        return {pair: tuple(records) for pair, records in records_by_pair(self.records).items()}

    @cached_property
    def repeated(self) -> tuple[Repeated, ...]:
        """The seeds that are one training (harness.results.repeated_seeds)."""
        return tuple(group for records in self.records_by_pair.values() for group in repeated(records, self.scores))

    @cached_property
    def independent(self) -> Mapping[Pair, tuple[Record, ...]]:
        """The done records of each entry and language, by seed; of seeds that are one training the first."""
        again = {record.name for group in self.repeated for record in group.records[1:]}
        return {
            pair: tuple(record for record in records if record.name not in again)
            for pair, records in self.records_by_pair.items()
        }

    @property
    def repeated_lines(self) -> list[str]:
        """One line about all seeds that count as one."""
        return lines(self.repeated)

    @property
    def warnings(self) -> list[str]:
        """What a reader of the numbers must know, one line each: seeds that count as one, warnings of the records."""
        return [*self.repeated_lines, *notes.warnings(self.records)]

    @cached_property
    def primary(self) -> str:
        """The measure to sort and decide by: that of run.json, of the records, of the bundled suite, or the first."""
        measured = self._measures_as_written
        choices = (self.run.resolved.primary, self.records[0].value("evaluation", "primary"), self._primary_of_suite())
        return next((str(choice) for choice in choices if choice in measured), measured[0])

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measures that every record has, the primary one first."""
        return (self.primary, *(measure for measure in self._measures_as_written if measure != self.primary))

    @property
    def _measures_as_written(self) -> tuple[str, ...]:
        return self.scores[self.records[0].name].measures

    def _primary_of_suite(self) -> str | None:
        if suites.split_variant(self.suite)[0] not in suites.names():
            return None  # of a manifest, whose path only the user may say
        try:
            return suites.load(self.suite).evaluation.primary
        except RequestError:
            return None

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the request, in that order, then any others that have a record.

        A language of the request without a record denies the average over languages.
        """
        measured = sorted({record.language for record in (*self.records, *self.failures)})
        return tuple(dict.fromkeys([*self.run.resolved.languages, *measured]))

    @cached_property
    def model_by_entry(self) -> Mapping[str, str]:
        """The named base model of each entry that has one (harness.request.base_models)."""
        return {record.entry: record.model for record in (*self.records, *self.failures) if record.model}

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The named base models in the order of the request; none in a run of one model."""
        return tuple(dict.fromkeys([*self.run.resolved.models, *sorted(set(self.model_by_entry.values()))]))

    def baseline_of(self, entry: str, baseline: str) -> str:
        """Return what an entry is compared with: `baseline`, or where no entry has that name, the one on its own model.

        There is no difference to a name that was not measured.
        """
        on_its_model = f"{baseline}@{self.model_by_entry.get(entry, '')}"
        return baseline if baseline in self.measured or on_its_model not in self.measured else on_its_model

    def is_baseline(self, name: str) -> bool:
        """Return whether some entry can be compared with a baseline of that name."""
        return any(self.baseline_of(entry, name) in self.measured for entry in self.measured)

    @cached_property
    def measured(self) -> frozenset[str]:
        """The entries with a done record."""
        return frozenset(record.entry for record in self.records)

    @cached_property
    def absent(self) -> tuple[str, ...]:
        """What was requested or started and has no record.

        The form is `entry/language` where no record exists, `entry/language/seed` where a trained entry lacks a seed.
        """
        records_of = records_by_pair((*self.records, *self.failures))
        entries = dict.fromkeys([*self.run.resolved.entries, *sorted({entry for entry, _ in records_of})])
        absent: list[str] = []
        for entry in entries:
            for language in self.languages:
                records = records_of.get((entry, language), [])
                seeds = {record.seed for record in records}
                if not records:
                    absent.append(f"{entry}/{language}")
                elif any(record.trained for record in records):
                    requested = self.run.resolved.seeds or ()
                    absent += [f"{entry}/{language}/{seed}" for seed in requested if seed not in seeds]
        return tuple(absent)

    def trains(self, entry: str) -> bool:
        """Return whether a done record of the entry has a trained model, in any language."""
        return any(record.trained for record in self.records if record.entry == entry)

    def trains_pair(self, pair: Pair) -> bool:
        """Return whether a done record of the entry and language has a trained model."""
        return any(record.trained for record in self.records_by_pair.get(pair, ()))

    @cached_property
    def scored(self) -> Mapping[Pair, EntryScores]:
        """The scores of each entry and language, measures in the order of `measures`, of independent trainings.

        All entries of a language answer the same queries; raises DataError where they do not.
        """
        groups: dict[Pair, dict[int, Floats]] = {}
        references: dict[str, str] = {}  # language → the record that the others are compared with
        for record in (record for records in self.independent.values() for record in records):
            scores = self.scores[record.name]
            reference = references.setdefault(record.language, record.name)
            if scores.queries != self.scores[reference].queries:
                query = min({*scores.queries} ^ {*self.scores[reference].queries})
                raise DataError(f"{record.name} and {reference} answer different queries: '{query}'; run both again")
            order = [scores.measures.index(measure) for measure in self.measures]
            groups.setdefault(record.pair, {})[record.seed] = scores.values.take(order, axis=1)
        return {pair: EntryScores(by_seed, self.trains_pair(pair)) for pair, by_seed in groups.items()}

    def scores_by_query(self, record: Record, measure: str) -> dict[str, float]:
        """Return query id → score of one record."""
        scores = self.scores[record.name]
        column = scores.values[:, scores.measures.index(measure)]
        return dict(zip(scores.queries, column.tolist(), strict=True))

    def check_unchanged(self) -> None:
        """Raise DataError for a folder that cannot be compared with others as it is.

        A file of it does not match SHA256SUMS (if there is one), or its records come from different definitions of the
        suite. A report is written of such a folder all the same.
        """
        self._check_sums()
        _check_one_definition(self.path, self.run, self.records)

    def _check_sums(self) -> None:
        if not checksums.is_there(self.path):
            return
        for item in checksums.differences(self.path):
            guarded = item.file in (RUN_FILE, checksums.SUMS) or item.file.startswith("records/")
            if (guarded and item.what in checksums.DAMAGED) or (item.file == RUN_FILE and item.what == "missing"):
                what = "was removed" if item.what == "missing" else "was changed"
                raise DataError(
                    f"{self.path / item.file} {what} after it was written; run `harness verify {self.path}` for details"
                )


def read_result_folder(path: Path) -> ResultFolder:
    """Return an output folder.

    Raises NothingMeasured where no cell is done, and DataError for records that are damaged, duplicated, of two suites
    or of differing measures, whose scores do not match them, or that share weights under two seeds.
    """
    records = read_all(path)
    check_records(path, records)
    done = tuple(record for record in records if record.status == "done")
    run = read_run_file(path)
    reader = Reader(path)
    with no_collection():
        scores = {record.name: reader.read(record) for record in done}
    _check_scores(path, done, scores)
    failures = tuple(record for record in records if record.status == "failed")
    return ResultFolder(path, run, done, failures, scores)


def nothing_measured(folder: Path) -> NothingMeasured:
    """Return the error for a folder without records."""
    place = f"no records below {folder / 'records'}" if folder.is_dir() else f"{folder} does not exist"
    return NothingMeasured(f"{place}; name a folder that 'harness run --out' wrote")


def check_records(folder: Path, records: Sequence[Record]) -> None:
    """Raise for records that make no result, before any score is read."""
    if not records:
        raise nothing_measured(folder)
    names = sorted({record.suite for record in records})
    if len(names) > 1:
        raise DataError(f"{folder} holds records of two suites ({', '.join(names)}); give each its own folder")
    for name in _repeated(record.name for record in records):
        raise DataError(f"{folder} holds two records of the cell {name}; delete the misplaced one")
    if all(record.status == "failed" for record in records):
        reason = one_line(records[0].reason) or "no reason recorded"
        raise NothingMeasured(f"all cells in {folder} failed ({len(records)}); {records[0].name}: {reason}")
    _check_weights(record for record in records if record.status == "done")


def _repeated(names: Iterator[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _check_weights(records: Iterator[Record]) -> None:
    """Raise DataError where two seeds of a trained entry have equal weights.

    Not where one batch holds all rows, for which two seeds may come to one order of them.
    """
    seeds: dict[tuple[Pair, str], int] = {}
    for record in records:
        if not (record.trained and record.weights_sha256):
            continue
        first = seeds.setdefault((record.pair, record.weights_sha256), record.seed)
        if first != record.seed and not fits_one_batch(record):
            raise DataError(
                f"equal weights under two seeds: {'/'.join(record.pair)} has the same model for {first} and "
                f"{record.seed}; its training ignores the seed, or a record was copied"
            )


def _check_one_definition(folder: Path, run: RunFile, records: Sequence[Record]) -> None:
    """Raise DataError where the records of a base model, or run.json, come from different definitions of the suite."""
    digests = {model: {run.suite_digest_on(model)} for model in ("", *run.resolved.models)}
    for model, known in digests.items() if run.suite_content else ():
        known.add(digest(run.suite_content_on(model)))
    for record in records:
        digests.setdefault(record.model, set()).add(record.suite_digest)
    if any(len(known - {""}) > 1 for known in digests.values()):
        raise DataError(
            f"{folder} holds records of different definitions of the suite; run it again into a folder of its own"
        )


def _check_scores(folder: Path, records: Sequence[Record], scores: Mapping[str, PerQuery]) -> None:
    """Raise DataError for a record with other measures than the first, or another number of queries than it names."""
    measures = scores[records[0].name].measures
    for record in records:
        table = scores[record.name]
        if set(table.measures) != set(measures):
            raise DataError(
                f"{record.name} has other measures than the other records: {', '.join(table.measures)}; run again"
            )
        if len(table.queries) != record.n_queries:
            raise DataError(
                f"record {record.name} in {folder} names {record.n_queries} queries and has scores of "
                f"{len(table.queries)}; run it again"
            )
