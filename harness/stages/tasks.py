"""Tasks: a model scored by `mteb.evaluate` on the MTEB tasks that the suite lists for the cell's language.

Which tasks a cell has is in stage_settings.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import CellError, HarnessError, short_reason
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.data_sources import Task
from harness.stages.lineage import task_key
from harness.stages.stage_settings import tasks_of
from harness.vectors.embedding import budget_of


def tasks(cell: Cell, model: Path, store: Store) -> dict[str, dict[str, Any]]:
    """Return task → mteb's scores; a task that fails fails the cell, under the task's name."""
    scores: dict[str, dict[str, Any]] = {}
    listed = tasks_of(cell)
    for done, task in enumerate(listed):
        store.progress("tasks", done, len(listed))
        scores[task.name] = store.read_json("tasks", task_key(cell, task), partial(_score, cell, task, model))
    return scores


def check_tasks(cells: Iterable[Cell]) -> None:
    """Raise RequestError for a task whose name, revision, subset or split is missing from the installed mteb.

    No task data is read, and mteb is imported only if a cell has a task.
    """
    for language, listed in {cell.language: listed for cell in cells if (listed := tasks_of(cell))}.items():
        from harness.mteb import task_lookup

        task_lookup.check_tasks(language, listed)


def check_data(cells: Iterable[Cell]) -> None:
    """Raise DataError where a task's dataset is not on this machine and cannot be downloaded."""
    by_language = {(cell.suite.name, cell.language): listed for cell in cells if (listed := tasks_of(cell))}
    for (suite, language), listed in by_language.items():
        from harness.mteb import task_datasets, task_lookup

        for task in listed:
            task_datasets.snapshot(task_lookup.find(task, language), suite)


def _score(cell: Cell, task: Task, model: Path) -> dict[str, Any]:
    from harness.mteb import folder_model, task_lookup, task_scoring

    text, evaluation = cell.suite.text, cell.suite.evaluation
    name = f"{cell.entry.name}-seed{cell.seed}"
    try:
        loaded = task_scoring.load(task_lookup.find(task, cell.language), cell.suite.name)
        meta = folder_model.model_meta(model, name, text, cell.place.device, evaluation.precision, budget_of(cell))
        return task_scoring.score(meta, loaded, evaluation.encode_batch_size)
    except HarnessError:
        raise
    except Exception as error:  # from mteb, its task or the model: none names the task
        reason = short_reason(error)
        raise CellError(f"MTEB task {task.name}: {type(error).__name__}: {reason}") from error
