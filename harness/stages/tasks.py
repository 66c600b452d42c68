"""Tasks: a model on the MTEB tasks that the suite lists for the cell's language, scored by `mteb.evaluate`.

A ranker has no model, and its tasks are not run. Neither are they where the suite holds out training queries in place
of dev: the tasks' test data are not to choose settings by.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import CellError, HarnessError, one_line
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Task
from harness.stages.lineage import task_key
from harness.stages.stage_settings import tasks_of


def tasks(cell: Cell, model: Path, store: Store) -> dict[str, dict[str, Any]]:
    """Return task → what mteb measured; a task that fails is the cell's failure, with the task's name."""
    found: dict[str, dict[str, Any]] = {}
    wanted = tasks_of(cell)
    for done, task in enumerate(wanted):
        store.progress("tasks", done, len(wanted))
        found[task.name] = store.read_json("tasks", task_key(cell, task), partial(_score, cell, task, model))
    return found


def refuse(cells: Iterable[Cell]) -> None:
    """Raise RequestError for a task of theirs that the installed mteb does not have as the suite names it.

    Nothing of the tasks' data is read; mteb is imported only where a cell has a task.
    """
    for language, tasks in {cell.language: found for cell in cells if (found := tasks_of(cell))}.items():
        from harness.mteb import mteb_tasks

        mteb_tasks.refuse(language, tasks)


def check_data(cells: Iterable[Cell]) -> None:
    """Raise DataError where the dataset of a task of theirs is not on this machine and cannot be had."""
    for (suite, language), tasks in {
        (cell.suite.name, cell.language): found for cell in cells if (found := tasks_of(cell))
    }.items():
        from harness.mteb import mteb_tasks, task_datasets

        for task in tasks:
            task_datasets.folder_of(mteb_tasks.find(task, language), suite)


def _score(cell: Cell, task: Task, model: Path) -> dict[str, Any]:
    from harness.mteb import bridge, mteb_tasks

    text, evaluation = cell.suite.text, cell.suite.evaluation
    name = f"{cell.entry.name}-seed{cell.seed}"
    try:
        loaded = mteb_tasks.load(mteb_tasks.find(task, cell.language), cell.suite.name)
        meta = bridge.identity(model, name, text, cell.place.device, evaluation.precision)
        return mteb_tasks.score(meta, loaded, evaluation.encode_batch_size)
    except HarnessError:
        raise
    except Exception as error:  # mteb, its task or the model: whatever it is, it names no task
        reason = one_line(error)[:300] or type(error).__name__
        raise CellError(f"MTEB task {task.name}: {type(error).__name__}: {reason}") from error
