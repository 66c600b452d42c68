"""Tasks: a model scored by `mteb.evaluate` on the tasks that the suite lists for the cell's language.

They are tasks of MTEB by name, and tasks of the suite's own sentence pairs. The record of the latter says how many
pairs were scored, what was left out, and whether the entry trains on the set that they are of (`trained_on`).

Which tasks a cell has is in stage_settings.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.load import load_pairs
from harness.data.unverified import check_unchanged
from harness.errors import CellError, HarnessError, short_reason
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.data_sources import PairTask, Task
from harness.stages.lineage import task_key
from harness.stages.stage_settings import tasks_of, trains_on_pairs
from harness.vectors.embedding import budget_of

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask


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

        task_lookup.check_tasks(language, (task for task in listed if isinstance(task, Task)))
        for task in listed:
            if isinstance(task, PairTask):
                task_lookup.check_own_name(task.name)


def check_data(cells: Iterable[Cell]) -> None:
    """Raise DataError where a task's data are not on this machine and cannot be downloaded, or are not its pairs."""
    for cell in {(cell.suite.name, cell.language): cell for cell in cells if tasks_of(cell)}.values():
        from harness.mteb import task_datasets, task_lookup

        for task in tasks_of(cell):
            if isinstance(task, Task):
                task_datasets.snapshot(task_lookup.find(task, cell.language), cell.suite.name)
            else:
                _own_task(cell, task)


def _score(cell: Cell, task: Task | PairTask, model: Path) -> dict[str, Any]:
    from harness.mteb import folder_model, task_lookup, task_scoring

    text, evaluation = cell.suite.text, cell.suite.evaluation
    name = f"{cell.entry.name}-seed{cell.seed}"
    described: dict[str, Any] = {}
    try:
        if isinstance(task, Task):
            loaded = task_scoring.load(task_lookup.find(task, cell.language), cell.suite.name)
        else:
            loaded, described = _own_task(cell, task)
        meta = folder_model.model_meta(model, name, text, cell.place.device, evaluation.precision, budget_of(cell))
        return {**task_scoring.score(meta, loaded, evaluation.encode_batch_size), **described}
    except HarnessError:
        raise
    except Exception as error:  # from mteb, its task or the model: none names the task
        reason = short_reason(error)
        raise CellError(f"MTEB task {task.name}: {type(error).__name__}: {reason}") from error


def _own_task(cell: Cell, task: PairTask) -> tuple[AbsTask, dict[str, Any]]:
    """Return a task of the suite's own pairs, and what its record says besides mteb's scores."""
    from harness.mteb.pair_task import as_task

    place = cell.place
    check_unchanged(cell.suite, cell.language, data_dir=place.data_dir, cache_dir=place.cache)
    pairs = load_pairs(cell.suite, cell.language, task, data_dir=place.data_dir, cache_dir=place.cache)
    source = cell.suite.languages[cell.language].pairs_of(task)
    described = {
        "pairs": len(pairs.values),
        "left_out": {rows: number for rows, number in pairs.report.items() if number},
        "trained_on": trains_on_pairs(cell, task),
    }
    return as_task(task, pairs, source, cell.language), described
