"""Geometry: uniformity, alignment and anisotropy of a cell's vectors, under the untuned base and under its model.

The sample is one for all entries and seeds of a language, so that before and after are of the same texts: at most
SAMPLE passages, drawn uniformly from those that are searched, and at most SAMPLE pairs of a dev query with a passage
that is relevant to it. The equations are in harness/stats/sphere.py.
"""

from __future__ import annotations

import random

import numpy as np

from harness.data.corpus import Corpus
from harness.keys import derive, key
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import base_model, prepare, train
from harness.stages.encode import Encoded, encode
from harness.stats.align import Floats
from harness.stats.sphere import alignment, anisotropy, uniformity
from harness.types import Data, Ranker
from harness.vectors.embedding import embed, settings_of

VERSION = 2  # 2: a smaller sample; the queries' vectors are those of the search
SAMPLE = 500  # 124,750 pairs of passages; encoded once more for every model
Pair = tuple[str, str]  # query id, passage id


def keys_of(cell: Cell) -> list[str]:
    """Return the keys of the measurements before and after; none for a ranker, which has no vectors."""
    if isinstance(cell.plugin, Ranker):
        return []
    return [_key(cell, base_model.key_of(cell.suite)), _key(cell, train.key_of(cell))]


def geometry(cell: Cell, vectors: Encoded, data: Data, store: Store) -> dict[str, dict[str, float]]:
    """Return `before` and `after`, each with uniformity, alignment and anisotropy; equal for an untuned entry.

    {} where one passage is searched, for it has no pair.
    """
    if len(data.passages) < 2:
        return {}
    before, after = keys_of(cell)

    def untuned() -> dict[str, float]:
        if cell.method is None:  # its model is the base
            return _measure(vectors)
        return _measure(encode(cell, base_model.base_model(cell.suite, cell.place, store), data, store))

    first = store.read_json("geometry", before, untuned)
    tuned = first if cell.method is None else store.read_json("geometry", after, lambda: _measure(vectors))
    return {"before": first, "after": tuned}


def passages(data: Data) -> list[str]:
    """Return the ids of the passages that uniformity and anisotropy are of, ascending."""
    count = len(data.passages)
    rng = random.Random(derive(0, "geometry", "passages", data.language))
    rows = sorted(rng.sample(range(count), min(SAMPLE, count)))
    if isinstance(data.passages, Corpus):
        return [data.passages.id_at(row) for row in rows]
    ids = sorted(data.passages)
    return [ids[row] for row in rows]


def pairs(data: Data) -> list[Pair]:
    """Return the pairs (dev query, relevant passage) that alignment is of, sorted."""
    found = sorted((query, doc) for query, grades in data.dev.items() for doc, grade in grades.items() if grade > 0)
    rng = random.Random(derive(0, "geometry", "pairs", data.language))
    return sorted(rng.sample(found, min(SAMPLE, len(found))))


def _key(cell: Cell, model: str) -> str:
    return key("geometry", VERSION, [model, prepare.key_of(cell.suite, cell.language)], [SAMPLE, settings_of(cell)])


def _measure(vectors: Encoded) -> dict[str, float]:
    data, of_queries = vectors.data, vectors.queries
    drawn, joined = passages(data), pairs(data)
    texts = {doc: data.passages[doc] for doc in sorted({*drawn, *(doc for _, doc in joined)})}
    of_passages = embed(vectors.model, texts, "passage", vectors.cell, vectors.store)
    column = {doc: i for i, doc in enumerate(of_passages.ids)}
    row = {query: i for i, query in enumerate(of_queries.ids)}
    sample: Floats = of_passages.matrix[[column[doc] for doc in drawn]].astype(np.float64)
    left: Floats = of_queries.matrix[[row[query] for query, _ in joined]].astype(np.float64)
    right: Floats = of_passages.matrix[[column[doc] for _, doc in joined]].astype(np.float64)
    return {"uniformity": uniformity(sample), "alignment": alignment(left, right), "anisotropy": anisotropy(sample)}
