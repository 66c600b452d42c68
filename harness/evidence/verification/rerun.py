"""Cells rerun in processes and a cache of their own, and graded against their records.

Only the data files of the user's cache are used; everything that is computed is computed again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import CellError, DataError
from harness.evidence.verification.grade import Grade, Measured, Run, failed, grade
from harness.evidence.verification.measurements import Departure, departures, graded
from harness.evidence.verification.rebuild import Rebuilt
from harness.evidence.verification.stored_rankings import OTHER_SCORES, equal_scores, rescored
from harness.execution.kept_models import KeptModels
from harness.execution.local import LocalExecutor
from harness.execution.preflight import preflight
from harness.execution.progress import Display
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record as records
from harness.results import stored_files
from harness.results.flatten import text
from harness.results.per_query import Reader
from harness.results.ranking_file import read_run
from harness.results.record import Record
from harness.stages.prepare import prepare
from harness.stats.rules import MARGIN

COMPARED = ("environment", "code", "computation", "entry")  # provenance that another machine or version may change


@dataclass(frozen=True)
class Verified:
    """One rerun cell: its grade, its values that the record has otherwise, and what differs in machine and code.

    `differences` are name → stored, rerun.
    """

    cell: str
    grade: Grade
    differences: Mapping[str, tuple[str, str]]
    departures: Sequence[Departure] = ()


@dataclass(frozen=True)
class RerunOptions:
    """How cells are rerun and graded."""

    jobs: int
    margin: float = MARGIN
    encode_batch_size: int | None = None  # None: the suite's

    @property
    def changed(self) -> tuple[str, ...]:
        """The settings of a record that these options change."""
        return () if self.encode_batch_size is None else ("evaluation.encode_batch_size", "suite_digest")


def verify_cells(
    folder: Path, rebuilt: Rebuilt, cells: Sequence[Cell], options: RerunOptions, display: Display
) -> Iterator[Verified]:
    """Rerun cells and yield their grades as they end; raises DataError or RequestError before the first starts."""
    with _fresh_cache(rebuilt.plan.place.cache) as scratch:
        moved = [_moved(cell, scratch / "cache", options.encode_batch_size) for cell in cells]
        store = Store(scratch / "cache")
        preflight(moved, store)
        out = scratch / "out"
        out.mkdir()
        models = KeptModels("none", moved, [], out)
        with display.running(0, len(moved)):
            for outcome in LocalExecutor(options.jobs).run(moved, out, display.stage):
                models.ended(outcome)
                display.ended(outcome)
                if outcome.reason:
                    yield Verified(str(outcome.cell), failed(f"it did not run: {outcome.reason}"), {})
                else:
                    yield _judged(outcome.cell, folder, out, options, store)


@contextmanager
def _fresh_cache(cache: Path) -> Iterator[Path]:
    """Yield a folder whose `cache` has the fetched data files of another cache, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="harness-verify-", ignore_cleanup_errors=True) as name:
        fresh = Path(name) / "cache"
        fresh.mkdir()
        if (cache / "data").is_dir():
            (fresh / "data").symlink_to((cache / "data").absolute(), target_is_directory=True)
        yield Path(name)


def _moved(cell: Cell, cache: Path, batch_size: int | None) -> Cell:
    suite = cell.suite
    if batch_size is not None:
        evaluation = suite.evaluation.model_copy(update={"encode_batch_size": batch_size})
        suite = suite.model_copy(update={"evaluation": evaluation})
    return replace(cell, suite=suite, place=replace(cell.place, cache=cache))


def _judged(cell: Cell, folder: Path, out: Path, options: RerunOptions, store: Store) -> Verified:
    """Return the grade of a cell that was rerun below `out`, against its record below `folder`."""
    name = (cell.entry.name, cell.language, cell.seed)
    stored, rerun = (records.read(records.path_of(top, *name), top) for top in (folder, out))
    changes = differences(stored, rerun)
    try:
        after = measured(out, rerun)
        same = rerun.files[records.RUN] == stored.files[records.RUN]
        before = measured(folder, stored, remade=after.run if same else None)
        data = prepare(cell.suite, cell.language, cell.place, store)
        scores = before.scores if before.run is None else rescored(before.run, data, tuple(before.scores))
    except (DataError, CellError, OSError, ValueError) as error:
        return Verified(str(cell), failed(f"its stored files cannot be read: {error}"), changes)
    if not equal_scores(scores, before.scores):
        return Verified(str(cell), failed(OTHER_SCORES), changes)
    basis = grade(before, after, options.margin)
    departing = departures(stored, rerun, basis, options.margin, options.changed)
    return Verified(str(cell), graded(basis, departing), changes, departing)


def measured(folder: Path, record: Record, remade: Run | None = None) -> Measured:
    """Return what a done record left; raises DataError if a file does not match the sha256 in its record.

    `remade`: a ranking with the sha256 in the record, in place of one that was not published.
    """
    path = record.path(folder)
    if not stored_files.intact_as_published(folder, record):
        raise DataError(f"the files beside {path} do not match the sha256 in the record; run the cell again")
    model = record.value("model")
    unpublished = stored_files.unpublished(folder, record)
    run = remade if unpublished else read_run(records.beside(path, records.RUN), folder)
    return Measured(model["weights"] if model else None, run, Reader(folder).read(record).by_measure())


def differences(stored: Record, rerun: Record) -> dict[str, tuple[str, str]]:
    """Return the differences between the provenance of two records in machine, libraries, code and computation."""
    before, after = _facts(stored), _facts(rerun)
    values = {name: (before.get(name, ""), after.get(name, "")) for name in sorted({*before, *after})}
    return {name: pair for name, pair in values.items() if pair[0] != pair[1]}


def _facts(record: Record) -> dict[str, str]:
    facts = {"cell_key": record.cell_key[:12]}
    for table in COMPARED:
        facts |= _flattened(record.table(table), table)
    return facts


def _flattened(table: Mapping[str, Any], prefix: str) -> dict[str, str]:
    """Return nested values by dotted name, None as an empty text: unlike results.flatten, empty values are kept."""
    facts: dict[str, str] = {}
    for name, value in table.items():
        dotted = f"{prefix}.{name}"
        if isinstance(value, Mapping):
            facts |= _flattened(value, dotted)
        else:
            facts[dotted] = "" if value is None else text(value)
    return facts
