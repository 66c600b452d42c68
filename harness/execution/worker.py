"""What a worker does with one cell, wherever it runs: write its record, or the record of its failure."""

from __future__ import annotations

import time
import traceback
from contextlib import suppress
from pathlib import Path

from harness.errors import DataError, reason_of
from harness.execution.cell_costs import Costs, remember
from harness.execution.executor import Outcome
from harness.machine import determinism
from harness.machine.atomic import write_atomically
from harness.machine.device import peak_memory
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record, stored_files
from harness.results.record import Record
from harness.stages.lineage import record_key, train_key
from harness.types import Progress


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
        seconds = time.perf_counter() - started
        return failed(cell, folder, reason_of(error), seconds=seconds, log=traceback.format_exc())
    seconds = time.perf_counter() - started
    cached = [run.cached for run in store.runs if run.stage in record.TIMED]
    whole = None if any(cached) else seconds  # what the cell costs, not what is left of it beside the cache
    with suppress(OSError):  # the cell is done: what cannot be noted or removed beside its record changes nothing
        path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
        record.beside(path, record.LOG).unlink(missing_ok=True)  # of an earlier, failed attempt
        remember(cell, Costs(seconds=whole, peak_bytes=_peak(cell, store), model_bytes=_model_bytes(cell, store)))
    return Outcome(cell, seconds, cached=all(cached))


def failed(cell: Cell, folder: Path, reason: str, *, seconds: float = 0.0, log: str = "") -> Outcome:
    """Return the outcome of a cell that failed, and write its record, with `log` beside it.

    Scores, ranking and log of an earlier attempt are removed. A cell whose record is done stays done: a worker that
    ends badly after it has written that lost nothing. A folder that cannot be written is part of the reason. Names of
    files in other encodings are escaped in both.
    """
    if is_done(cell, folder):
        return Outcome(cell, seconds)
    reason, log = (text.encode(errors="backslashreplace").decode() for text in (reason, log))
    try:
        return Outcome(cell, seconds, reason, _write_failure(cell, folder, reason, log))
    except OSError as error:
        return Outcome(cell, seconds, f"{reason}; its record cannot be written below {folder}: {error.strerror}")


def is_done(cell: Cell, folder: Path) -> bool:
    """Return whether the cell has a record of the same key, with all its files as they were written."""
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    if not path.is_file():
        return False
    try:
        stored = record.read(path)
    except DataError:
        return False
    return stored.status == "done" and stored.cell_key == record_key(cell) and stored_files.intact(folder, stored)


def _write_failure(cell: Cell, folder: Path, reason: str, log: str) -> str:
    """Write the record of a failed cell and return the path of its log, "" without one."""
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    for suffix in (record.PER_QUERY, record.RUN, record.LOG):
        record.beside(path, suffix).unlink(missing_ok=True)
    stored = Record(
        **cell.identity(),
        trained=cell.method is not None,
        status="failed",
        reason=reason,
        cell_key="",
        provenance={"entry": cell.described()},
    )
    record.write(folder, stored)
    if log:
        write_atomically(record.beside(path, record.LOG), log.encode())
    return str(record.log_of(folder, stored) or "")


def _peak(cell: Cell, store: Store) -> int | None:
    """Return the peak memory of this process; None where the stage that needs most of it was cached."""
    largest = "retrieve" if cell.method is None else "train"
    made = any(run.stage == largest and not run.cached for run in store.runs)
    return peak_memory("cpu") if made else None


def _model_bytes(cell: Cell, store: Store) -> int | None:
    """Return the bytes of the cell's trained model on disk; None where it has none there."""
    folder = store.folder("train", train_key(cell))
    if cell.method is None or not folder.is_dir():
        return None
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
