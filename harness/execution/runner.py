"""`harness run`: refuse, claim the folder, run what is missing, collate."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError, RequestError
from harness.execution import forecast, habits
from harness.execution import plan as planning
from harness.execution.executor import Executor, Outcome
from harness.execution.plan import Plan, Request
from harness.execution.progress import Display
from harness.execution.worker import expected_seconds
from harness.machine import determinism
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import BuiltBase
from harness.results import checksums, record
from harness.stages import base_model, tasks
from harness.stages.lineage import record_key, train_key
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.stage_settings import all_passages

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True)
class Work:
    """What a plan comes to in one output folder: done before, and to do."""

    plan: Plan
    done: list[Cell] = field(default_factory=list)
    todo: list[Cell] = field(default_factory=list)


def survey(request: Request) -> Work:
    """Return the plan of a request and which of its cells have whole records already; writes nothing."""
    plan = planning.make(request)
    planning.check_folder(plan, request)
    work = Work(plan)
    for cell in plan.cells:
        (work.done if is_done(cell, request.out) else work.todo).append(cell)
    forecast.check_access(work.todo)
    return work


def is_done(cell: Cell, folder: Path) -> bool:
    """Return whether the cell has a record of the same key, with all its files as they were written."""
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    if not path.is_file():
        return False
    try:
        found = record.read(path)
    except DataError:
        return False
    return found.status == "done" and found.cell_key == record_key(cell) and record.intact(folder, found)


def execute(request: Request, work: Work, executor: Executor, display: Display) -> list[Outcome]:
    """Run the cells that are to do and return how each ended; an interrupt leaves what is done."""
    if not work.todo:
        return []
    preflight(work, Store(request.place.cache))
    from harness.provenance import environment

    planning.claim_folder(work.plan, request, environment())
    checksums.unlist(request.out, [f"records/{cell}." for cell in work.todo])
    outcomes = []
    with display.running(len(work.done), len(work.plan.cells)):
        running = executor.run(work.todo, request.out, display.stage)
        with _closing(running):
            for outcome in running:
                outcomes.append(outcome)
                display.ended(outcome)
    return outcomes


@contextmanager
def _closing(outcomes: Iterator[Outcome]) -> Iterator[None]:
    try:
        yield
    finally:
        close = getattr(outcomes, "close", None)
        if close is not None:
            close()


def preflight(work: Work, store: Store) -> None:
    """Read and check every language's data, and open a given base model, before the first cell starts.

    Raises DataError or RequestError; nothing has been written to the output folder by then.
    """
    suite, place = work.plan.suite, work.plan.cells[0].place
    for language in dict.fromkeys(cell.language for cell in work.todo):
        data = prepare(suite, language, place, store)
        for cell in work.todo:
            if cell.language == language:
                inference(cell, data, store)
                habits.refuse_data(cell, data)
    tasks.check_data(work.todo)
    forecast.check_models(work.todo)
    if not isinstance(suite.base_model, BuiltBase):
        model = base_model.check_opens(suite, place, store)
        _check_adapters(work.todo, model)
        habits.refuse_dimensions(work.todo, model.get_embedding_dimension() or 0)
        return
    whole = all_passages(suite)
    for language in suite.languages:
        prepare(whole, language, place, store)


def _check_adapters(cells: list[Cell], model: SentenceTransformer) -> None:
    """Refuse an entry with an adapter that says why it cannot change this base model (its `problem(model)`)."""
    for cell in {cell.entry.name: cell for cell in cells}.values():
        for name, adapter in zip(cell.entry.adapters, cell.adapters, strict=True):
            problem = adapter.problem(model) if hasattr(adapter, "problem") else ""
            if problem:
                raise RequestError(f"{cell.entry.name} on this base model: {name}: {problem}; leave the entry out")


def estimate(cells: list[Cell], jobs: int) -> float | None:
    """Return the seconds that `cells` should take, from what their kind took here before; None without any."""
    known = [seconds for cell in cells if (seconds := expected_seconds(cell)) is not None]
    if not known:
        return None
    mean = sum(known) / len(known)
    return (sum(known) + mean * (len(cells) - len(known))) / jobs


def trained_already(cells: list[Cell], store: Store) -> int:
    """Return for how many of the cells the trained model is in the store."""
    return sum(cell.method is not None and store.has("train", train_key(cell)) for cell in cells)


def default_jobs(device: str) -> int:
    """Return one job a core on CPU (a cell of several threads takes as many), one on an accelerator."""
    if device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // determinism.threads())
