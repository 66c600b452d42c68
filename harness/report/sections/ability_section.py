"""Gain on retrieval against loss elsewhere: an entry's difference to its baseline on the suite and on other tasks.

Other tasks are those of the records that are not retrieval: STS, pair classification and the like. The change on them
is the mean over the tasks of a language. Its interval is over seeds, on these pairs of sentences: mteb keeps no score
per pair. What is not trained has no spread over seeds; of what is trained with one seed it is unknown, and then there
is no interval. The average weights languages equally.

An entry that trains on the set that a task's pairs are of has no change there: the task is not "elsewhere" for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.numbers import or_none
from harness.results.record import Record
from harness.stats.entry_scores import AVERAGE
from harness.stats.intervals import Estimate, averaged, independent_difference, over_seeds

CSV = "ability.csv"
COLUMNS = (
    *("suite", "entry", "baseline", "language", "measure", "gain", "gain_low", "gain_high"),
    *("tasks", "change", "change_low", "change_high", "n_seeds", "trained_on"),
)
RETRIEVAL = ("Retrieval", "Reranking", "InstructionRetrieval", "InstructionReranking")  # mteb's types of task


@dataclass(frozen=True)
class Difference:
    """A difference to the baseline, with its 95 % interval where there is one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AbilityRow:
    """One entry; `change` is None where it trains on pairs of `trained_on`."""

    entry: str
    gain: Difference
    change: Difference | None
    trained_on: tuple[str, ...]
    n_seeds: int


@dataclass(frozen=True)
class AbilityTable:
    """One language, or the average over all; entries in the order of the page."""

    language: str
    tasks: tuple[str, ...]
    rows: tuple[AbilityRow, ...]


@dataclass(frozen=True)
class _Change:
    """The change of one entry in one language; the error is NaN where the spread over seeds is unknown."""

    estimate: Estimate
    trained_on: tuple[str, ...]
    n_seeds: int


def ability_tables(board: Leaderboard, entries: Sequence[str]) -> list[AbilityTable]:
    """Return one table per language with such tasks, after that of the average where every language has them."""
    tasks = {language: _other_tasks(board, language) for language in board.languages}
    changes = {
        language: {entry: change for entry in entries if (change := _change(board, entry, language, names))}
        for language, names in tasks.items()
        if names
    }
    tables = [_table(board, language, tasks[language], by_entry) for language, by_entry in changes.items()]
    if len(changes) == len(board.languages) > 1:
        shared = [entry for entry in entries if all(entry in by_entry for by_entry in changes.values())]
        means = {entry: _mean([by_entry[entry] for by_entry in changes.values()]) for entry in shared}
        names = tuple(dict.fromkeys(name for language in changes for name in tasks[language]))
        tables.insert(0, _table(board, AVERAGE, names, means))
    return [table for table in tables if table.rows]


def finding(table: AbilityTable, measure: str) -> str:
    """Return what a table says of the entries that have both differences, in one sentence."""
    both = [(row.gain, row.change) for row in table.rows if row.change]
    gained = [(gain, change) for gain, change in both if gain.value > 0]
    lost = [(gain, change) for gain, change in gained if change.value < 0]
    clear = [1 for gain, change in lost if (gain.low or 0) > 0 and change.high is not None and change.high < 0]
    return (
        f"Of {len(both)} entries, {len(gained)} gain in {measure}; of these, {len(lost)} score lower on the other "
        f"tasks, {len(clear)} with both intervals clear of 0."
    )


def csv(board: Leaderboard, tables: Sequence[AbilityTable]) -> str:
    """Return the tables as CSV, unrounded, missing numbers as empty fields."""
    return spreadsheet.to_csv(COLUMNS, _csv_rows(board, tables))


def _csv_rows(board: Leaderboard, tables: Sequence[AbilityTable]) -> Iterator[tuple[object, ...]]:
    for table in tables:
        for row in table.rows:
            named = (board.suite, row.entry, board.baseline_of(row.entry), table.language, board.primary)
            numbers = (*_fields(row.gain), " ".join(table.tasks), *_fields(row.change))
            yield (*named, *numbers, row.n_seeds, " ".join(row.trained_on))


def _fields(difference: Difference | None) -> tuple[object, ...]:
    values = (difference.value, difference.low, difference.high) if difference else (None,) * 3
    return tuple("" if value is None else value for value in values)


def _other_tasks(board: Leaderboard, language: str) -> tuple[str, ...]:
    """Return the tasks of a language's records that are not retrieval."""
    records = [record for record in board.records if record.language == language]
    return tuple(
        dict.fromkeys(
            name for record in records for name, task in record.tasks.items() if task["type"] not in RETRIEVAL
        )
    )


def _change(board: Leaderboard, entry: str, language: str, names: Sequence[str]) -> _Change | None:
    """Return an entry's change on all of the tasks; None for the baseline, and where a seed lacks a task."""
    baseline = board.baseline_of(entry)
    records, before = (board.results.independent.get((name, language), ()) for name in (entry, baseline))
    complete = all(name in record.tasks for record in (*records, *before) for name in names)
    if entry == baseline or not records or not before or not complete:
        return None
    trained_on = [name for name in names if any(record.tasks[name].get("trained_on") for record in records)]
    estimate = independent_difference(_level(records, names), _level(before, names))
    return _Change(estimate, tuple(trained_on), len(records))


def _level(records: Sequence[Record], names: Sequence[str]) -> Estimate:
    """Return the mean over seeds and tasks with its error over seeds; what is not trained is fixed."""
    values = np.array([[[record.tasks[name]["value"]] for name in names] for record in records])  # [seeds, tasks, 1]
    error = np.array([np.nan if records[0].trained else 0.0])
    return over_seeds(values) or Estimate(values.mean(axis=(0, 1)), error, np.array([np.inf]))


def _mean(changes: Sequence[_Change]) -> _Change:
    trained_on = tuple(dict.fromkeys(name for change in changes for name in change.trained_on))
    estimate = averaged([change.estimate for change in changes])
    return _Change(estimate, trained_on, min(change.n_seeds for change in changes))


def _table(board: Leaderboard, language: str, names: Sequence[str], changes: Mapping[str, _Change]) -> AbilityTable:
    gains = {line.entry: line for line in board.evidence if line.language == language}
    rows = []
    for entry, change in changes.items():
        line = gains.get(entry)
        if line is None or (value := or_none(line.delta[0])) is None:
            continue
        bounds = (None, None) if line.blind else (or_none(line.delta_low[0]), or_none(line.delta_high[0]))
        other = None if change.trained_on else _difference(change.estimate)
        rows.append(AbilityRow(entry, Difference(value, *bounds), other, change.trained_on, change.n_seeds))
    return AbilityTable(language, tuple(names), tuple(rows))


def _difference(estimate: Estimate) -> Difference:
    low, high = estimate.interval()
    value = float(estimate.value[0])
    return Difference(value, or_none(float(low[0])), or_none(float(high[0])))
