"""Tasks: a model on the MTEB tasks that the suite lists for the cell's language, scored by `mteb.evaluate`.

A ranker has no model, and its tasks are not run. Neither are they where the suite holds out training queries in place
of dev: the tasks' test data are not to choose settings by.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.errors import CellError, HarnessError
from harness.keys import key
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Task
from harness.stages import train
from harness.types import Ranker

VERSION = 1


def listed(cell: Cell) -> tuple[Task, ...]:
    """Return the MTEB tasks that a cell is scored on."""
    if isinstance(cell.plugin, Ranker) or cell.suite.evaluation.holdout:
        return ()
    return cell.suite.languages[cell.language].tasks


def key_of(cell: Cell, task: Task) -> str:
    """Return the key of a model's scores on one task."""
    text, evaluation = cell.suite.text, cell.suite.evaluation
    settings = [
        task.model_dump(),
        version("mteb"),
        [text.query_prompt, text.passage_prompt, text.query_max_length, text.passage_max_length],
        [evaluation.encode_batch_size, evaluation.precision, cell.place.device],
    ]
    return key("tasks", VERSION, [train.key_of(cell)], settings)


def keys_of(cell: Cell) -> list[str]:
    """Return the keys of all of a cell's tasks, none where it has none."""
    return [key_of(cell, task) for task in listed(cell)]


def tasks(cell: Cell, model: Path, store: Store) -> dict[str, dict[str, Any]]:
    """Return task → what mteb measured; a task that fails is the cell's failure, with the task's name."""
    found: dict[str, dict[str, Any]] = {}
    wanted = listed(cell)
    for done, task in enumerate(wanted):
        store.progress("tasks", done, len(wanted))
        found[task.name] = store.read_json("tasks", key_of(cell, task), partial(_score, cell, task, model))
    return found


def refuse(cells: Iterable[Cell]) -> None:
    """Raise RequestError for a task of theirs that the installed mteb does not have as the suite names it.

    Nothing of the tasks' data is read; mteb is imported only where a cell has a task.
    """
    for language, tasks in {cell.language: found for cell in cells if (found := listed(cell))}.items():
        from harness.mteb import task_lookup

        task_lookup.check_tasks(language, tasks)


def check_data(cells: Iterable[Cell]) -> None:
    """Raise DataError where the dataset of a task of theirs is not on this machine and cannot be had."""
    for (suite, language), tasks in {
        (cell.suite.name, cell.language): found for cell in cells if (found := listed(cell))
    }.items():
        from harness.mteb import task_datasets, task_lookup

        for task in tasks:
            task_datasets.snapshot(task_lookup.find(task, language), suite)


def _score(cell: Cell, task: Task, model: Path) -> dict[str, Any]:
    from harness.mteb import folder_model, task_lookup, task_scoring

    text, evaluation = cell.suite.text, cell.suite.evaluation
    name = f"{cell.entry.name}-seed{cell.seed}"
    try:
        loaded = task_scoring.load(task_lookup.find(task, cell.language), cell.suite.name)
        meta = folder_model.model_meta(model, name, text, cell.place.device, evaluation.precision)
        return task_scoring.score(meta, loaded, evaluation.encode_batch_size)
    except HarnessError:
        raise
    except Exception as error:  # mteb, its task or the model: whatever it is, it names no task
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise CellError(f"MTEB task {task.name}: {type(error).__name__}: {reason}") from error
