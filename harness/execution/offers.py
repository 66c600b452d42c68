"""What a suite lacks for an entry: of `all`, such an entry is left out and named; one that is asked for is rejected."""

from __future__ import annotations

from collections.abc import Sequence

from harness.data.readers.registry import lists_training
from harness.errors import DataError, RequestError
from harness.request.cell import Cell, Place
from harness.request.entry import Entry
from harness.request.suite import Suite
from harness.stages.stage_settings import declared_rows, trains_on_queries
from harness.types import Data

ALL = ("all", "all@published")


def lacking(cell: Cell) -> RequestError | None:
    """Return the error for what the suite lacks for a cell, as far as its manifest says; None where nothing is."""
    suite, entry = cell.suite, cell.entry.name
    for need in sorted(cell.needs - suite.offers(cell.language)):
        missing = need.value.replace("_", " ")
        return RequestError(
            f"{entry} on suite {suite.name}, {cell.language}: no {missing}; "
            f"leave the method out, or add {missing} to the suite's manifest"
        )
    if cell.method is not None and cell.method.family not in suite.training:
        return DataError(f"suite {suite.name}: no [training.{cell.method.family}] for {entry}")
    return _without_queries(cell) if _declares_no_queries(cell) and trains_on_queries(cell) else None


def _declares_no_queries(cell: Cell) -> bool:
    """Return whether the manifest itself says that there are no training queries."""
    declared = cell.suite.languages[cell.language]
    if cell.language in cell.suite.train_files or declared_rows(cell) is not None:
        return False
    return declared.counts.train_queries == 0 or not lists_training(declared.training or declared.retrieval)


def _without_queries(cell: Cell) -> RequestError:
    return RequestError(
        f"{cell.entry.name} on suite {cell.suite.name}, {cell.language}: no training queries; "
        "leave the method out, add qrels/train.tsv to the suite, or name training rows with --train-file"
    )


def check_training_queries(cell: Cell, data: Data) -> None:
    """Raise RequestError where an entry trains on queries and the data have none."""
    if not data.train and trains_on_queries(cell):
        raise _without_queries(cell)


def offered(
    entries: Sequence[Entry], requested: Sequence[str], suite: Suite, languages: Sequence[str], place: Place
) -> tuple[list[Entry], dict[str, str]]:
    """Return the entries without those of `all` that the suite lacks something for, and name → why it is left out.

    An entry that is named stays, to be rejected; so does every entry where none would be left.
    """
    left_out: dict[str, str] = {}
    if not any(name in ALL for name in requested):
        return list(entries), left_out
    for entry in entries:
        problems = (lacking(Cell(suite, entry, language, 0, place)) for language in languages)
        problem = next((error for error in problems if error is not None), None)
        if problem is not None and entry.name not in requested:
            left_out[entry.name] = str(problem)
    kept = [entry for entry in entries if entry.name not in left_out]
    return (kept, left_out) if kept else (list(entries), {})
