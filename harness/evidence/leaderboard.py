"""Records → leaderboard: one row per entry, language and measure, and the average over languages.

The numbers are those of harness.stats.entry_statistics: intervals are over queries and seeds, p_adjusted is Holm's
within the entries of a language and measure. `verdict` is that of harness.evidence.claims.verdicts on the one claim
about a row, else empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, NothingMeasured, RequestError, unknown
from harness.evidence.claims import verdicts
from harness.machine.garbage import no_collection
from harness.request import suite as suites
from harness.results.per_query import PerQuery, Reader
from harness.results.record import Record, read_all
from harness.stats.align import Floats
from harness.stats.contrasts import Contrast
from harness.stats.entry_scores import BASE, EntryScores
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
    """What the records of one folder say together. `measures` has the primary one first."""

    suite: str
    primary: str
    measures: tuple[str, ...]
    languages: tuple[str, ...]
    rows: pandas.DataFrame  # COLUMNS
    records: tuple[Record, ...]  # done
    failures: tuple[Record, ...]
    run: Mapping[str, Any]  # run.json, {} where there is none
    baseline: str  # the entry that the others are compared with; there is no difference where it was not measured
    scored: Mapping[tuple[str, str], EntryScores]  # (entry, language), measures in the order of `measures`
    analysis: SuiteStatistics
    lines: tuple[verdicts.Line, ...] = ()  # every published claim

    @cached_property
    def of(self) -> Mapping[tuple[str, str], tuple[Record, ...]]:
        """The done records of each entry and language, by seed."""
        found: dict[tuple[str, str], list[Record]] = {}
        for record in self.records:
            found.setdefault((record.entry, record.language), []).append(record)
        return {name: tuple(records) for name, records in found.items()}

    @property
    def evidence(self) -> tuple[EntryStatistics, ...]:
        """What stands behind each row, against the baseline."""
        return self.analysis.entries

    @cached_property
    def contrasts(self) -> tuple[Contrast, ...]:
        """The difference of every entry to every other (harness.stats.contrasts); nothing of more than 20 entries."""
        return self.analysis.contrasts()


def collate(folder: Path, baseline: str = BASE) -> Leaderboard:
    """Return the leaderboard of an output folder, entries compared with `baseline`.

    Raises NothingMeasured where no cell is done, DataError where records are of two suites, or name files that are not
    theirs, or cannot be compared query by query, or share weights under two seeds, and RequestError for a baseline
    other than the default that was not measured.
    """
    records = read_all(folder)
    done = tuple(record for record in records if record.status == "done")
    failures = tuple(record for record in records if record.status == "failed")
    refuse(folder, records, done)
    run = read_run_json(folder)
    reader = Reader(folder)
    with no_collection():
        tables = {_name(record): reader.read(record) for record in done}
    found = next(iter(tables.values())).measures
    suite = done[0].suite
    primary = _primary(run, suite, found)
    measures = (primary, *(measure for measure in found if measure != primary))
    languages = _languages(run, records)
    measured = {record.entry for record in done}
    if baseline != BASE and baseline not in measured:
        raise unknown("baseline", baseline, measured, str(folder))
    scored = _scored(done, tables, measures)
    analysis = suite_statistics(scored, languages, baseline=baseline)
    rows = _frame(suite, measures, analysis.entries)
    what = (suite, primary, measures, languages, rows, done, failures, run, baseline, scored, analysis)
    return _judged(Leaderboard(*what))


def _judged(board: Leaderboard) -> Leaderboard:
    """Return a leaderboard with the verdicts on the published claims."""
    lines = tuple(verdicts.of_board(board))
    found = verdicts.of_rows(lines, board.suite)
    named = zip(*(board.rows[name] for name in ("entry", "language", "measure")), strict=True)
    return replace(board, rows=board.rows.assign(verdict=[found.get(row, "") for row in named]), lines=lines)


def read_run_json(folder: Path) -> dict[str, Any]:
    """Return run.json of an output folder, {} where there is none; raises DataError where it is damaged."""
    path = folder / "run.json"
    try:
        run = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError as error:
        raise DataError(f"{path} is not valid JSON: {error}; run the request again") from error
    if not isinstance(run, dict):
        raise DataError(f"{path} does not hold a JSON object; run the request again")
    return run


def resolved(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the request in run.json was resolved to, {} where it does not say."""
    value = run.get("resolved")
    return value if isinstance(value, Mapping) else {}


def weights(record: Record) -> str:
    """Return the sha256 of the model that a record was made with, "" where it names none."""
    model = record.provenance.get("model")
    return str(model.get("sha256") or "") if isinstance(model, Mapping) else ""


def _name(record: Record) -> str:
    return f"{record.entry}/{record.language}/{record.seed}"


def refuse(folder: Path, records: Sequence[Record], done: Sequence[Record]) -> None:
    """Raise for records that make no leaderboard, before any score is read."""
    if not records:
        raise NothingMeasured(f"no records below {folder / 'records'}; name a folder that 'harness run --out' wrote")
    names = sorted({record.suite for record in records})
    if len(names) > 1:
        raise DataError(f"{folder} holds records of two suites ({', '.join(names)}); give each its own folder")
    cells: set[str] = set()
    for record in records:
        if _name(record) in cells:
            raise DataError(f"{folder} holds two records of the cell {_name(record)}; delete the misplaced one")
        cells.add(_name(record))
    if not done:
        reason = " ".join(records[0].reason.split()) or "no reason recorded"
        raise NothingMeasured(f"all {len(records)} cells in {folder} failed, {_name(records[0])} with: {reason}")
    seeds: dict[tuple[str, str, str], int] = {}
    for record in done:
        if record.trained and (model := weights(record)):
            first = seeds.setdefault((record.entry, record.language, model), record.seed)
            if first != record.seed:
                cell = f"{record.entry}/{record.language}"
                raise DataError(
                    f"equal weights under two seeds: {cell} has the same model for {first} and {record.seed}; "
                    "its training ignores the seed, or a record was copied"
                )


def per_query(folder: Path, record: Record) -> pandas.DataFrame:
    """Return the scores of one record, queries (sorted) by measures (as written), verified against the record."""
    import pandas

    found = Reader(folder).read(record)
    index = pandas.Index(found.queries, name="query_id")
    return pandas.DataFrame(found.values, index, pandas.Index(found.measures, name="measure"))


def _scored(
    done: Iterable[Record], tables: Mapping[str, PerQuery], measures: Sequence[str]
) -> dict[tuple[str, str], EntryScores]:
    """Return the scores of each entry and language, all entries of a language over the same queries."""
    groups: dict[tuple[str, str], dict[int, Floats]] = {}
    first: dict[str, str] = {}  # language → the cell that the others are held against
    for record in done:
        cell = _name(record)
        table, reference = tables[cell], tables[first.setdefault(record.language, cell)]
        if set(table.measures) != set(measures):
            raise DataError(f"{cell} has other measures than the other records: {', '.join(table.measures)}; run again")
        if table.queries != reference.queries:
            query = min({*table.queries} ^ {*reference.queries})
            raise DataError(f"{cell} and {first[record.language]} answer different queries: '{query}'; run both again")
        order = [table.measures.index(measure) for measure in measures]
        by_seed = groups.setdefault((record.entry, record.language), {})
        by_seed[record.seed] = table.values.take(order, axis=1)
    return {name: EntryScores(by_seed) for name, by_seed in groups.items()}


def _primary(run: Mapping[str, Any], suite: str, found: Sequence[str]) -> str:
    """Return the measure to sort by: run.json's, else the bundled suite's, else the first that was written."""
    choice = resolved(run).get("primary")
    if choice is None:
        try:
            choice = suites.load(suite).evaluation.primary
        except RequestError:
            choice = found[0]
    return choice if choice in found else found[0]


def _languages(run: Mapping[str, Any], records: Iterable[Record]) -> tuple[str, ...]:
    """Return the languages asked for, in that order, then any others. One without a record denies the average."""
    asked = resolved(run).get("languages")
    wanted = [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else []
    return tuple(dict.fromkeys([*wanted, *sorted({record.language for record in records})]))


def _frame(suite: str, measures: Sequence[str], lines: Iterable[EntryStatistics]) -> pandas.DataFrame:
    """Return the evidence as a table, ordered by entry, language (average last) and measure (primary first)."""
    import pandas

    rows: list[tuple[object, ...]] = []
    for line in sorted(lines, key=lambda line: line.entry):  # stable: languages keep their order
        for i, measure in enumerate(measures):
            what = (suite, line.entry, line.language, measure)
            level = (line.mean[i], line.low[i], line.high[i], line.n_queries, line.n_seeds, line.seed_sd[i])
            delta = (line.delta[i], line.delta_low[i], line.delta_high[i], line.p_adjusted[i])
            rows.append((*what, *level, *delta, ""))
    return pandas.DataFrame(rows, columns=list(COLUMNS))
