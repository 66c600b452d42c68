"""What a worker does with one cell, wherever it runs: write its record, or the record of its failure."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from harness.errors import reason_of
from harness.execution.cell_costs import Costs, remember
from harness.execution.executor import Outcome
from harness.machine import determinism
from harness.machine.atomic import write_atomically
from harness.machine.device import peak_memory
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record
from harness.results.record import Record
from harness.stages.lineage import train_key
from harness.types import Progress

TIMED = ("train", "retrieve")  # stages that take most of a cell's time


def run_cell(cell: Cell, folder: Path, progress: Progress) -> Outcome:
    """Run one cell; an exception becomes a failed record with its reason, and the traceback beside it."""
    determinism.set_environment()
    from harness import pipeline

    started = time.perf_counter()
    store = Store(cell.place.cache, progress)
    try:
        with store.in_use():
            pipeline.run(cell, store, folder)
    except Exception as error:
        log = write_failure(cell, folder, reason_of(error), traceback.format_exc())
        return Outcome(cell, time.perf_counter() - started, reason_of(error), log)
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    record.beside(path, record.LOG).unlink(missing_ok=True)  # of an earlier, failed attempt
    seconds = time.perf_counter() - started
    cached = [run.cached for run in store.runs if run.stage in TIMED]
    whole = None if any(cached) else seconds  # what the cell costs, not what is left of it beside the cache
    remember(cell, Costs(seconds=whole, peak_bytes=_peak(cell, store), model_bytes=_model_bytes(cell, store)))
    return Outcome(cell, seconds, cached=all(cached))


def write_failure(cell: Cell, folder: Path, reason: str, log: str = "") -> str:
    """Write the record of a failed cell and return the path of its log, "" without one.

    Scores, ranking and log of an earlier attempt are removed.
    """
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    for suffix in (record.PER_QUERY, record.RUN, record.LOG):
        record.beside(path, suffix).unlink(missing_ok=True)
    failed = Record(
        **cell.identity(),
        trained=cell.method is not None,
        status="failed",
        reason=reason,
        cell_key="",
        provenance={"entry": cell.described()},
    )
    record.write(folder, failed)
    if log:
        write_atomically(record.beside(path, record.LOG), log.encode())
    return str(record.log_of(folder, failed) or "")


def _peak(cell: Cell, store: Store) -> int | None:
    """Return the peak memory of this process; None where the stage that needs most of it was cached."""
    largest = "retrieve" if cell.method is None else "train"
    made = any(run.stage == largest and not run.cached for run in store.runs)
    return peak_memory("cpu") if made else None


def _model_bytes(cell: Cell, store: Store) -> int | None:
    """Return the bytes of the cell's trained model on disk; None for a cell that trains none."""
    if cell.method is None:
        return None
    return sum(path.stat().st_size for path in store.folder("train", train_key(cell)).rglob("*") if path.is_file())
