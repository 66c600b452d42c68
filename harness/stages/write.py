"""Write: a query for every mined negative, by the suite's writer, for methods that read a negative's own query.

Training rows of the user's that hold them (`neg_q`) need none. A text that a dev query has is left
out; a negative without another one is then no negative any more, and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.data.validation import fold
from harness.keys import key
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.stages import augment, mine
from harness.types import Need, TrainingData
from harness.writers.writing import identity, write_queries

VERSION = 1
STAGE = "write"


def writer_of(cell: Cell) -> Writer | None:
    """Return who writes negative queries for a cell: nobody where its methods read none or the data hold them."""
    given = cell.suite.negative_queries
    wanted = Need.NEGATIVE_QUERIES in cell.needs and not mine.answered_by_data(cell)
    return given if wanted and isinstance(given, Writer) else None


def key_of(cell: Cell) -> str:
    """Return the key of the written negative queries."""
    writer = writer_of(cell)
    assert writer is not None
    return key(STAGE, VERSION, [mine.key_of(cell)], identity(writer, cell.language))


def passages_of(training: TrainingData) -> dict[str, str]:
    """Return the mined negatives."""
    wanted = sorted({doc for docs in training.negatives.values() for doc in docs})
    return {doc: training.passages[doc] for doc in wanted}


def write(cell: Cell, training: TrainingData, store: Store) -> TrainingData:
    """Return the training data with a query for every negative, where a writer is to give them."""
    writer = writer_of(cell)
    if writer is None:
        return training

    def compute() -> dict[str, Any]:
        made = write_queries(writer, passages_of(training), cell.language, (cell.place.device, STAGE), store)
        left = len(made.queries) - len(usable(training, made.queries))
        return {"queries": made.queries, "provenance": {**made.provenance, "left_out_as_dev": left}}

    answered = usable(training, store.read_json(STAGE, key_of(cell), compute)["queries"])
    return replace(
        training,
        negatives={query: tuple(doc for doc in docs if doc in answered) for query, docs in training.negatives.items()},
        negative_queries=answered,
    )


def usable(training: TrainingData, queries: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the written queries without those that are dev queries, and without passages that have no other."""
    dev = {fold(training.queries[query]) for query in training.data.dev}
    kept = {doc: tuple(text for text in texts if fold(text) not in dev) for doc, texts in queries.items()}
    return {doc: texts for doc, texts in kept.items() if texts}


def provenance(cell: Cell) -> dict[str, Any]:
    """Return who wrote queries for a cell that has run, with which prompt and settings, and how many."""
    store = Store(cell.place.cache)
    keys = {
        augment.STAGE: augment.key_of(cell) if augment.writer_of(cell) else None,
        STAGE: key_of(cell) if writer_of(cell) else None,
    }
    return {
        stage: store.read_json(stage, name, dict)["provenance"]
        for stage, name in keys.items()
        if name is not None and store.has(stage, name)
    }
