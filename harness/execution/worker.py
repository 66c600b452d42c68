"""What a worker does with one cell, wherever it runs: write its record, or the record of its failure."""

from __future__ import annotations

import json
import time
import traceback
from pathlib import Path

from harness.errors import HarnessError, one_line
from harness.execution.executor import Outcome
from harness.keys import digest
from harness.machine import determinism
from harness.machine.atomic import write_atomically
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record
from harness.results.record import Record
from harness.types import Progress


def run_cell(cell: Cell, folder: Path, progress: Progress) -> Outcome:
    """Run one cell; an exception becomes a failed record with its reason, and the traceback beside it."""
    determinism.set_environment()
    from harness import pipeline

    started = time.perf_counter()
    try:
        pipeline.run(cell, Store(cell.place.cache, progress), folder)
    except Exception as error:
        reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        reason = one_line(reason)[:500]
        write_failure(cell, folder, reason, traceback.format_exc())
        return Outcome(cell, time.perf_counter() - started, reason)
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    record.beside(path, record.LOG).unlink(missing_ok=True)  # of an earlier, failed attempt
    seconds = time.perf_counter() - started
    remember_seconds(cell, seconds)
    return Outcome(cell, seconds)


def write_failure(cell: Cell, folder: Path, reason: str, log: str = "") -> None:
    """Write the record of a failed cell; scores and ranking of an earlier attempt are removed."""
    path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
    for suffix in (record.PER_QUERY, record.RUN):
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


def _timing(cell: Cell) -> Path:
    name = digest([cell.suite.digest, cell.entry.identity(), cell.language, cell.place.device])
    return cell.place.cache / ".timings" / f"{name}.json"


def remember_seconds(cell: Cell, seconds: float) -> None:
    """Store the longest time that a cell of this kind took on this machine; cached ones take almost none."""
    path = _timing(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(max(seconds, expected_seconds(cell) or 0.0)).encode())


def expected_seconds(cell: Cell) -> float | None:
    """Return the seconds that a cell of this kind took on this machine; None where none was run."""
    try:
        return float(json.loads(_timing(cell).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
