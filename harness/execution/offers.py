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


NO_QUERIES = "no training queries"
REMEDY = "leave the method out, add qrels/train.tsv to the suite, or name training rows with --train-file"


def lacking(cell: Cell) -> RequestError | None:
    """Return the error for what the suite lacks for a cell, as far as its manifest says; None where nothing is."""
    reason, suite, entry = _reason(cell), cell.suite.name, cell.entry.name
    if reason.startswith("no ["):
        return DataError(f"suite {suite}: {reason} for {entry}")
    if not reason:
        return None
    missing = reason.removeprefix("no ")
    remedy = REMEDY if reason == NO_QUERIES else f"leave the method out, or add {missing} to the suite's manifest"
    return RequestError(f"{entry} on suite {suite}, {cell.language}: {reason}; {remedy}")


def _reason(cell: Cell) -> str:
    """Return what the suite lacks for a cell, such as "no nli", in a few words; "" where nothing is."""
    for need in sorted(cell.needs - cell.suite.offers(cell.language)):
        return f"no {need.value.replace('_', ' ')}"
    if cell.method is not None and cell.method.family not in cell.suite.training:
        return f"no [training.{cell.method.family}]"
    return NO_QUERIES if _declares_no_queries(cell) and trains_on_queries(cell) else ""


def _declares_no_queries(cell: Cell) -> bool:
    """Return whether the manifest itself says that there are no training queries."""
    declared = cell.suite.languages[cell.language]
    if cell.language in cell.suite.train_files or declared_rows(cell) is not None:
        return False
    return declared.counts.train_queries == 0 or not lists_training(declared.training or declared.retrieval)


def check_training_queries(cell: Cell, data: Data) -> None:
    """Raise RequestError where an entry trains on queries and the data have none."""
    if not data.train and trains_on_queries(cell):
        where = f"{cell.entry.name} on suite {cell.suite.name}, {cell.language}"
        raise RequestError(f"{where}: {NO_QUERIES}; {REMEDY}")


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
        reasons = (_reason(Cell(suite, entry, language, 0, place)) for language in languages)
        reason = next(filter(None, reasons), "")
        if reason and entry.name not in requested:
            left_out[entry.name] = reason
    kept = [entry for entry in entries if entry.name not in left_out]
    return (kept, left_out) if kept else (list(entries), {})
