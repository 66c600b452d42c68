"""Cells run once more, in processes and a cache of their own, and graded against their records.

Of the user's cache the data files alone are used; everything that is computed is computed anew.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import CellError, DataError
from harness.evidence.leaderboard import per_query
from harness.evidence.verification.grade import MARGIN, Grade, Measured, Run, failed, grade
from harness.evidence.verification.rebuild import Rebuilt
from harness.execution.local import LocalExecutor
from harness.execution.preflight import preflight
from harness.execution.progress import Display
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record
from harness.results.flatten import text
from harness.results.record import Record
from harness.stages.prepare import prepare
from harness.stages.score import score
from harness.types import Data, Scores

LAST_BITS = 1e-9  # of a measure: far below one document's share of one query's value
COMPARED = ("environment", "code", "computation")  # of the provenance: what may differ between two machines


@dataclass(frozen=True)
class Verified:
    """One cell that was run again: its grade, and what is not as it was then (name → then, now)."""

    cell: str
    grade: Grade
    differences: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Again:
    """How cells are run again."""

    jobs: int
    margin: float = MARGIN
    encode_batch_size: int | None = None  # None: the suite's


def verify_cells(
    folder: Path, rebuilt: Rebuilt, chosen: Sequence[Cell], how: Again, display: Display
) -> Iterator[Verified]:
    """Run cells again and yield their grades as they end; raises DataError or RequestError before the first starts."""
    with _fresh_cache(rebuilt.plan.place.cache) as scratch:
        cells = [_moved(cell, scratch / "cache", how.encode_batch_size) for cell in chosen]
        store = Store(scratch / "cache")
        preflight(cells, store)
        out = scratch / "out"
        out.mkdir()
        with display.running(0, len(cells)):
            for outcome in LocalExecutor(how.jobs).run(cells, out, display.stage):
                display.ended(outcome)
                yield _judged(folder, out, (outcome.cell, outcome.reason), how, store)


@contextmanager
def _fresh_cache(cache: Path) -> Iterator[Path]:
    """Yield a folder whose `cache` has the fetched data files of another one, and nothing else."""
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


def _judged(folder: Path, out: Path, ended: tuple[Cell, str], how: Again, store: Store) -> Verified:
    cell, reason = ended
    name = (cell.entry.name, cell.language, cell.seed)
    stored = record.read(record.path_of(folder, *name))
    if reason:
        return Verified(str(cell), failed(f"it did not run: {reason}"), {})
    again = record.read(record.path_of(out, *name))
    differ = differences(stored, again)
    try:
        now = measured(out, again)
        same = again.files[record.RUN] == stored.files[record.RUN]
        before = measured(folder, stored, remade=now.run if same else None)
        rescored = _rescored(before, prepare(cell.suite, cell.language, cell.place, store))
    except (DataError, CellError, OSError, ValueError) as error:
        return Verified(str(cell), failed(f"its stored files cannot be read: {error}"), differ)
    if rescored is not None and not equal_scores(rescored, before.scores):
        return Verified(str(cell), failed("the stored scores are not those of the stored ranking"), differ)
    return Verified(str(cell), grade(before, now, how.margin), differ)


def _rescored(before: Measured, data: Data) -> Scores | None:
    """Return the scores of a stored ranking, None where it was not published and could not be made again."""
    if before.run is None:
        return None
    return score({query: list(rows.items()) for query, rows in before.run.items()}, data.dev, tuple(before.scores))


def measured(folder: Path, one: Record, remade: Run | None = None) -> Measured:
    """Return what a done record left; raises DataError where a file is not the one that the record names.

    `remade`: a ranking with the sha256 that the record names, which stands for one that was not published.
    """
    path = record.path_of(folder, one.entry, one.language, one.seed)
    if not record.intact_as_published(folder, one):
        raise DataError(f"the files beside {path} are not those that it names; run the cell again")
    table = per_query(folder, one)
    scores = {str(name): dict(zip(map(str, table.index), column, strict=True)) for name, column in _columns(table)}
    model = one.provenance.get("model")
    run = remade if record.unpublished(folder, one) else record.read_run(record.beside(path, record.RUN))
    return Measured(model["weights"] if model else None, run, scores)


def equal_scores(one: Scores, other: Scores) -> bool:
    """Return whether two sets of scores are equal but for the last bits, which another processor may round its way."""
    if {name: values.keys() for name, values in one.items()} != {name: values.keys() for name, values in other.items()}:
        return False
    pairs = ((value, other[name][query]) for name, values in one.items() for query, value in values.items())
    return all(math.isclose(value, again, rel_tol=0, abs_tol=LAST_BITS) for value, again in pairs)


def _columns(table: Any) -> Iterator[tuple[str, list[float]]]:
    for name in table.columns:
        yield name, table[name].tolist()


def differences(stored: Record, again: Record) -> dict[str, tuple[str, str]]:
    """Return what the provenance of two records says differently of machine, libraries, code and computation."""
    then, now = _flat(stored), _flat(again)
    return {name: (then.get(name, ""), now.get(name, "")) for name in sorted({*then, *now}) if _differ(name, then, now)}


def _differ(name: str, then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return then.get(name, "") != now.get(name, "")


def _flat(one: Record) -> dict[str, str]:
    flat = {"cell_key": one.cell_key[:12]}
    for table in COMPARED:
        flat |= _flattened(one.provenance.get(table) or {}, table)
    return flat


def _flattened(value: Mapping[str, Any], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, item in value.items():
        inner = f"{prefix}.{name}"
        found |= _flattened(item, inner) if isinstance(item, Mapping) else {inner: "" if item is None else text(item)}
    return found
