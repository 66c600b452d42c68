"""A stage that asks the suite's writer for queries about passages: `augment` and `write` are the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.types import Data, TrainingData
from harness.writers.writing import write_queries

Rows = TypeVar("Rows", Data, TrainingData)
Queries = Mapping[str, tuple[str, ...]]  # passage id → the queries written for it


@dataclass(frozen=True)
class WriterStage(Generic[Rows]):
    """What the two stages differ in; the written queries are cached, and merged into the rows at every run."""

    name: str  # of its outputs in the store, and in a record's provenance
    asks_for: str  # the kind of queries, in messages
    writer_of: Callable[[Cell], Writer | None]
    key_of: Callable[[Cell], str]
    passages_of: Callable[[Rows], dict[str, str]]
    merged: Callable[[Rows, Queries], tuple[Rows, dict[str, int]]]  # and counts of what was added and left out

    def run(self, cell: Cell, rows: Rows, store: Store) -> Rows:
        """Return the rows with the written queries; the rows themselves where the cell has no writer."""
        writer = self.writer_of(cell)
        if writer is None:
            return rows

        def compute() -> dict[str, Any]:
            answers = write_queries(
                writer, self.passages_of(rows), cell.language, (cell.place.device, self.name), store
            )
            _, counts = self.merged(rows, answers.queries)
            return {"queries": answers.queries, "provenance": {**answers.provenance, **counts}}

        queries = store.read_json(self.name, self.key_of(cell), compute)["queries"]
        return self.merged(rows, queries)[0]

    def is_stored(self, cell: Cell, store: Store) -> bool:
        """Return whether the cell's written queries are in the store."""
        return store.has(self.name, self.key_of(cell))

    def provenance(self, cell: Cell) -> dict[str, Any] | None:
        """Return the writer, prompt, settings and counts of a cell that has run; None where nothing was written."""
        store = Store(cell.place.cache)
        if self.writer_of(cell) is None or not self.is_stored(cell, store):
            return None
        provenance: dict[str, Any] = store.read_json(self.name, self.key_of(cell), dict)["provenance"]
        return provenance
