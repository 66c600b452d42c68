"""MTEB tasks on the page and in tasks.csv: entries by tasks, mean and standard deviation over seeds.

mteb keeps one score per task and none per query, so there is no interval over queries and no paired difference. Values
are mteb's main score of each task in its own units (between 0 and 1 for retrieval and average precision; a correlation
for STS). mteb rounds retrieval means to 5 digits (docs/traps.md, T9); the others are unrounded.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
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
    """One language: its tasks as the records describe them, one row per entry, and the entries without a model."""

    language: str
    tasks: Mapping[str, Mapping[str, Any]]  # name → its DESCRIBED fields
    rows: tuple[tuple[str, tuple[TaskScore | None, ...]], ...]
    without_model: tuple[str, ...]


def task_tables(board: Leaderboard, entries: Sequence[str]) -> list[TaskTable]:
    """Return one table per language in which a record has task scores, entries in the order of the page."""
    tables = []
    for language in board.languages:
        records = [record for record in board.records if record.language == language]
        names = _task_names(board, language, records)
        if names:
            rows = [(entry, tuple(_task_score(records, entry, name) for name in names)) for entry in entries]
            scored = tuple((entry, scores) for entry, scores in rows if any(scores))
            without_model = [record.entry for record in records if not record.tasks and not record.weights_sha256]
            tasks = {name: _description(records, name) for name in names}
            tables.append(TaskTable(language, tasks, scored, tuple(dict.fromkeys(without_model))))
    return tables


def csv(board: Leaderboard, tables: Iterable[TaskTable]) -> str:
    """Return the scores as CSV, not rounded further, missing numbers as empty fields."""
    return spreadsheet.to_csv(COLUMNS, _rows(board, tables))


def _rows(board: Leaderboard, tables: Iterable[TaskTable]) -> Iterator[tuple[object, ...]]:
    for table in tables:
        for entry, scores in table.rows:
            for (name, description), score in zip(table.tasks.items(), scores, strict=True):
                if score is not None:
                    *fields, mteb = (description[field] for field in DESCRIBED)
                    seed_sd = "" if score.seed_sd is None else score.seed_sd
                    yield (board.suite, entry, table.language, name, *fields, score.mean, seed_sd, score.n_seeds, mteb)


def _task_names(board: Leaderboard, language: str, records: Iterable[Record]) -> list[str]:
    """Return the scored tasks in the order of the suite's manifest, as far as run.json has it."""
    scored = dict.fromkeys(name for record in records for name in record.tasks)
    suite = board.run.suite
    declared = suite.languages[language] if suite and language in suite.languages else None
    order = [task.name for task in (*declared.tasks, *declared.pair_tasks)] if declared else []
    return sorted(scored, key=lambda name: order.index(name) if name in order else len(order))


def _task_score(records: Iterable[Record], entry: str, name: str) -> TaskScore | None:
    """Return the mean over the seeds that have the task, None if no seed has it."""
    scored = [record for record in records if record.entry == entry and name in record.tasks]
    if not scored:
        return None
    values = [float(record.tasks[name]["value"]) for record in scored]
    seed_sd = statistics.stdev(values) if len(values) > 1 else None
    return TaskScore(math.fsum(values) / len(values), seed_sd, len(values), tuple(map(source, scored)))


def _description(records: Iterable[Record], name: str) -> dict[str, str]:
    """Return the description of a task in the records; where they differ (another mteb), every value."""
    tasks = [record.tasks[name] for record in records if name in record.tasks]
    return {field: " / ".join(dict.fromkeys(str(task[field]) for task in tasks)) for field in DESCRIBED}
