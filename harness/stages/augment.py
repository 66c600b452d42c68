"""Augment: further training queries, written for the passages that are relevant to training queries.

A written query's id is derived from its text. Two passages for which one text was written are both relevant to it.
Left out, and counted: a text that a dev query has, so that dev stays unseen, and one that a training query has.
Where negatives came with the training rows, a written query takes those of the queries that share its passage.
The suite's `max_train` bounds the queries of the data, not the written ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.data.validation import fold
from harness.keys import digest
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.lineage import augment_key
from harness.stages.stage_settings import augmentation_writer
from harness.stages.writer_stage import Queries, WriterStage
from harness.types import Data

WRITTEN = "written-"  # how the id of a written query begins


def augment(cell: Cell, data: Data, store: Store) -> Data:
    """Return the data with the written training queries, where the cell has a writer of them."""
    return AUGMENT.run(cell, data, store)


def passages_of(data: Data) -> dict[str, str]:
    """Return the passages that are relevant to a training query."""
    wanted = sorted({doc for docs in data.train.values() for doc in docs})
    return {doc: data.training_passages[doc] for doc in wanted}


def merged(data: Data, queries: Queries) -> tuple[Data, dict[str, int]]:
    """Return the data with queries for passages among its training queries, and what was added and left out."""
    dev = {fold(data.queries[query]) for query in data.dev}
    train = {fold(data.queries[query]) for query in data.train}
    counts = {"added": 0, "left_out_as_dev": 0, "left_out_as_training": 0}
    relevant: dict[str, list[str]] = {}
    for doc in sorted(queries):
        for text in dict.fromkeys(fold(text) for text in queries[doc]):
            if text in dev or text in train:
                counts["left_out_as_dev" if text in dev else "left_out_as_training"] += 1
            else:
                relevant.setdefault(text, []).append(doc)
    ids = {_id(text, data): text for text in relevant}
    counts["added"] = len(ids)
    trained = {**data.train, **{query: tuple(relevant[text]) for query, text in ids.items()}}
    return replace(
        data,
        queries=dict(sorted({**data.queries, **ids}.items())),
        train={query: trained[query] for query in sorted(trained)},
        mined={**data.mined, **_inherited(data, {query: relevant[text] for query, text in ids.items()})},
    ), counts


def _inherited(data: Data, written_for: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Return written query id → the mined negatives of the training queries that share a passage with it."""
    asking: dict[str, list[str]] = {}
    for query in data.mined:
        for doc in data.train[query]:
            asking.setdefault(doc, []).append(query)
    found = {}
    for query, docs in written_for.items():
        shared = (negative for doc in docs for other in asking.get(doc, ()) for negative in data.mined[other])
        found[query] = tuple(dict.fromkeys(negative for negative in shared if negative not in docs))
    return found if data.mined else {}


def _id(text: str, data: Data) -> str:
    """Return a query id that is derived from the text and is none of the data's."""
    whole = f"{WRITTEN}{digest(text)}"
    return next(name for length in (16, 64) if (name := whole[: len(WRITTEN) + length]) not in data.queries)


AUGMENT = WriterStage[Data]("augment", "training queries", augmentation_writer, augment_key, passages_of, merged)
