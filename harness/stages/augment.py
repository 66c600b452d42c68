"""Augment: further training queries, written for the passages that are relevant to training queries.

A written query's id is derived from its text. Where one text was written for two passages, both are relevant to it.
Texts of dev queries are left out, so that dev stays unseen, and so are texts of training queries; both are counted.
Where the training rows hold negatives, a written query takes those of the queries that share a passage with it.
The suite's `max_train` bounds the queries of the data, not the written ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.data.validation import normalized
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
    relevant = sorted({doc for docs in data.train.values() for doc in docs})
    return {doc: data.training_passages[doc] for doc in relevant}


def merged(data: Data, queries: Queries) -> tuple[Data, dict[str, int]]:
    """Return the data with the written queries among its training queries, and counts of those added and left out."""
    dev = {normalized(data.queries[query]) for query in data.dev}
    train = {normalized(data.queries[query]) for query in data.train}
    counts = {"added": 0, "left_out_as_dev": 0, "left_out_as_training": 0}
    relevant: dict[str, list[str]] = {}
    for doc in sorted(queries):
        for text in dict.fromkeys(normalized(text) for text in queries[doc]):
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
    if not data.mined:
        return {}
    queries_of: dict[str, list[str]] = {}
    for query in data.mined:
        for doc in data.train[query]:
            queries_of.setdefault(doc, []).append(query)
    inherited = {}
    for query, docs in written_for.items():
        negatives = (negative for doc in docs for other in queries_of.get(doc, ()) for negative in data.mined[other])
        inherited[query] = tuple(dict.fromkeys(negative for negative in negatives if negative not in docs))
    return inherited


def _id(text: str, data: Data) -> str:
    """Return a query id that is derived from the text and that no query of the data has."""
    longest = f"{WRITTEN}{digest(text)}"
    return next(name for length in (16, 64) if (name := longest[: len(WRITTEN) + length]) not in data.queries)


AUGMENT = WriterStage[Data]("augment", "training queries", augmentation_writer, augment_key, passages_of, merged)
