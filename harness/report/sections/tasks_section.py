"""MTEB's tasks on the page and in tasks.csv: entries by tasks, mean and standard deviation over seeds.

mteb keeps one number a task and none a query, so that there is no interval over queries, and no paired difference.
Values are mteb's main score of each task, in its units (between 0 and 1 for retrieval, average precision; a
correlation for STS); retrieval means come rounded to 5 digits from mteb (trap T9), the others as they are.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard, weights
from harness.report import spreadsheet
from harness.report.page_links import Source, source
from harness.results.record import Record

CSV = "tasks.csv"
NAMED, MEASURED = ("suite", "entry", "language", "task"), ("mean", "seed_sd", "n_seeds", "mteb")
COLUMNS = (*NAMED, "type", "subset", "split", "revision", "measure", *MEASURED)
DESCRIBED = ("type", "subset", "split", "revision", "main_score", "mteb")


@dataclass(frozen=True)
class TaskScore:
    """One entry on one task; `seed_sd` is the sample standard deviation, None below two seeds."""

    mean: float
    seed_sd: float | None
    n_seeds: int
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class TaskTable:
    """One language: its tasks, as the records describe them, a row an entry, and the entries without a model."""

    language: str
    tasks: Mapping[str, Mapping[str, Any]]  # name → what of the description is one for all records
    rows: tuple[tuple[str, tuple[TaskScore | None, ...]], ...]
    without_model: tuple[str, ...]


def of_board(board: Leaderboard, order: Sequence[str]) -> list[TaskTable]:
    """Return a table for each language in which a record has scores on tasks, entries in the page's order."""
    tables = []
    for language in board.languages:
        records = [record for record in board.records if record.language == language]
        names = _names(board, language, records)
        if names:
            rows = [(entry, tuple(_score(records, entry, name) for name in names)) for entry in order]
            scored = tuple((entry, scores) for entry, scores in rows if any(scores))
            silent = [record.entry for record in records if not record.tasks and not weights(record)]
            tasks = {name: _description(records, name) for name in names}
            tables.append(TaskTable(language, tasks, scored, tuple(dict.fromkeys(silent))))
    return tables


def csv(board: Leaderboard, tables: Iterable[TaskTable]) -> str:
    """Return the scores as CSV, unrounded by us, an empty field where there is none."""
    return spreadsheet.written(COLUMNS, _lines(board, tables))


def _lines(board: Leaderboard, tables: Iterable[TaskTable]) -> Iterator[tuple[object, ...]]:
    for table in tables:
        for entry, scores in table.rows:
            for (name, about), score in zip(table.tasks.items(), scores, strict=True):
                if score is not None:
                    *what, mteb = (about[field] for field in DESCRIBED)
                    spread = "" if score.seed_sd is None else score.seed_sd
                    yield (board.suite, entry, table.language, name, *what, score.mean, spread, score.n_seeds, mteb)


def _names(board: Leaderboard, language: str, records: Iterable[Record]) -> list[str]:
    """Return the tasks that were scored, in the order of the suite's manifest where run.json has it."""
    found = dict.fromkeys(name for record in records for name in record.tasks)
    listed = board.run.get("suite", {}).get("languages", {}).get(language, {}).get("tasks", [])
    order = [task["name"] for task in listed]
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def _score(records: Iterable[Record], entry: str, name: str) -> TaskScore | None:
    """Return the mean over the seeds that have the task."""
    found = [record for record in records if record.entry == entry and name in record.tasks]
    if not found:
        return None
    values = [float(record.tasks[name]["value"]) for record in found]
    spread = statistics.stdev(values) if len(values) > 1 else None
    return TaskScore(math.fsum(values) / len(values), spread, len(values), tuple(map(source, found)))


def _description(records: Iterable[Record], name: str) -> dict[str, str]:
    """Return what the records say of a task; where they differ (another mteb), every value."""
    tasks = [record.tasks[name] for record in records if name in record.tasks]
    return {field: " / ".join(dict.fromkeys(str(task[field]) for task in tasks)) for field in DESCRIBED}
