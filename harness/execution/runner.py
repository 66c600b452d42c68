"""Carrying a plan out: which cells are done, claiming the output folder, running what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.data.model_declaration import declaring_folder
from harness.errors import quantity
from harness.execution import forecast, models_in_use, output_folder, study_lines
from harness.execution.cell_costs import costs
from harness.execution.disk_space import DiskSpace, disk_space
from harness.execution.eta import Eta
from harness.execution.executor import Executor, Outcome
from harness.execution.kept_models import KeptModels, Rule, is_trained_under
from harness.execution.order import ordered
from harness.execution.plan import Plan
from harness.execution.preflight import preflight
from harness.execution.progress import Display
from harness.execution.worker import is_done
from harness.machine import determinism
from harness.machine.hardware import environment
from harness.machine.scratch_store import scratch_store
from harness.machine.store import Store
from harness.request.cell import Cell, by_model
from harness.results import checksums
from harness.stages import half_precision, learning_rates, model_prompts
from harness.stages.lineage import description_key, retrieve_key, task_key, train_key
from harness.stages.stage_settings import tasks_of
from harness.stages.train_file_report import train_file_warnings
from harness.types import Ranker


@dataclass(frozen=True)
class Work:
    """A plan in one output folder: the cells that are done, and those to do."""

    plan: Plan
    folder: Path
    done: list[Cell] = field(default_factory=list)
    todo: list[Cell] = field(default_factory=list)


def survey(plan: Plan, folder: Path) -> Work:
    """Return which cells of a plan have intact records in the folder; writes nothing.

    Raises RequestError for a folder of another request, and for a writer that cannot be asked.
    """
    output_folder.check(folder, plan)
    work = Work(plan, folder)
    for cell in plan.cells:
        (work.done if is_done(cell, folder) else work.todo).append(cell)
    forecast.check_access(work.todo)
    return work


def execute(work: Work, executor: Executor, display: Display, keep: Rule | None = None) -> list[Outcome]:
    """Run the cells to do and return how each ended; an interrupt keeps the records that are written.

    `keep` says which trained models stay in the cache (harness.execution.kept_models).
    """
    if not (work.todo or output_folder.added(work.folder, work.plan)):
        return []
    warnings: list[str] = []
    store = Store(work.plan.place.cache)
    if work.todo:
        space_for(work, executor.jobs, keep)
        display.at(f"checking the data and models of {quantity(len(work.todo), 'cell')}")
        executor.check(work.todo, work.folder)
        dtypes, warnings = executor.apply(_examined, work)
        space = space_for(work, executor.jobs, keep)  # again: a base model that was downloaded now has a size
        keep = space.rule if space else keep
        check_cache(work.todo, store, keep or "all")
        display.say(models_in_use.lines(work.todo, dtypes))
        display.warn(warnings)
    output_folder.claim(work.folder, work.plan, environment(), warnings)
    if not work.todo:
        return []
    checksums.unlist(work.folder, [f"records/{cell}." for cell in work.todo])
    display.warn(executor.limits(work.todo))
    outcomes, models = [], KeptModels(keep or "all", work.todo, work.done, work.folder)
    eta = Eta(work.todo, executor.jobs, cached_whole(work.todo, store, keep or "all"))
    with display.running(len(work.done), len(work.plan.cells), eta):
        turns = ordered(work.todo, executor.jobs)
        running = executor.run(turns, work.folder, display.stage, lambda line: display.warn([line]))
        with _closing(running):
            for outcome in running:
                outcomes.append(outcome)
                models.ended(outcome)
                display.ended(outcome)
    return outcomes


def _examined(work: Work) -> tuple[dict[str, str], list[str]]:
    """Return what `preflight` and `warnings_of` return, on a machine that runs cells."""
    store = Store(work.plan.place.cache)
    return preflight(work.todo, store), warnings_of(work, store)


def space_for(work: Work, jobs: int, keep: Rule | None) -> DiskSpace | None:
    """Return what the trained models of a run take on disk, None where it is unknown or none is trained.

    Raises RequestError where the disk of the cache cannot hold it.
    """
    space = disk_space(work.plan.cells, work.todo, jobs, keep)
    if space is not None:
        space.check()
    return space


def warnings_of(work: Work, store: Store) -> list[str]:
    """Return what a plan's training rows leave out, and what its base models declare and the request does not do.

    Also which entries a minimum quality leaves all NLI rows, which learning rates were chosen for another kind of base
    model, and where half precision is slower than float32, by a measurement that the store keeps.
    """
    encoding = [cell for cell in work.plan.cells if not isinstance(cell.plugin, Ranker)]
    lines = [*train_file_warnings(work.plan.cells), *study_lines.warnings(work.plan.cells)]
    for model, cells in by_model(encoding).items():
        suite, trains = cells[0].suite, any(cell.method is not None for cell in cells)
        of_base = model_prompts.warnings(suite, declaring_folder(suite.base_model), trains)
        of_base += learning_rates.warnings(cells)
        lines += [f"{model}: {line}" if model else line for line in of_base]
    return lines + half_precision.warnings(encoding, store)


def check_todo(work: Work, executor: Executor) -> None:
    """Raise what `execute` would raise before its first cell; downloads nothing and keeps nothing."""
    if work.todo:
        executor.check(work.todo, work.folder)
        executor.apply(_check_data_and_models, work)


def _check_data_and_models(work: Work) -> None:
    with scratch_store(work.plan.place.cache) as store:
        preflight(work.todo, store, download=False)


@contextmanager
def _closing(outcomes: Iterator[Outcome]) -> Iterator[None]:
    try:
        yield
    finally:
        close = getattr(outcomes, "close", None)
        if close is not None:
            close()


def estimate(cells: Sequence[Cell], jobs: int) -> float | None:
    """Return the seconds that `cells`, of which none is cached, should take, from what such cells took here before.

    None where none was run.
    """
    known = [seconds for cell in cells if (seconds := costs(cell).seconds) is not None]
    if not known:
        return None
    mean = sum(known) / len(known)
    return (sum(known) + mean * (len(cells) - len(known))) / jobs


def cached_whole(cells: Sequence[Cell], store: Store, keep: Rule) -> list[Cell]:
    """Return those of the cells that train nothing and whose ranking is in the store: they take next to no time."""
    return [
        cell
        for cell in cells
        if store.is_there("retrieve", retrieve_key(cell))
        and (store.is_there("train", train_key(cell)) or not is_trained_under(keep, cell))
    ]


def check_cache(cells: Sequence[Cell], store: Store, keep: Rule) -> None:
    """Raise RequestError where an output that the cells will make cannot be written; what is stored is only read."""
    for cell in cells:
        makes = [("retrieve", retrieve_key(cell)), *(("tasks", task_key(cell, task)) for task in tasks_of(cell))]
        makes += [("train", train_key(cell))] if is_trained_under(keep, cell) else []
        makes += [("description", description_key(cell))] if cell.method is not None else []
        for stage, key in makes:
            if not store.is_there(stage, key):
                store.check_writable(stage, key)


def trained_already(cells: Sequence[Cell], store: Store) -> int:
    """Return for how many of the cells the trained model is in the store."""
    return sum(cell.method is not None and store.is_there("train", train_key(cell)) for cell in cells)


def default_jobs(device: str) -> int:
    """Return one job per core on CPU (fewer where a cell has several threads), one on an accelerator."""
    if device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // determinism.threads())
