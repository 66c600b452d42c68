"""Geometry: uniformity, alignment and anisotropy of a cell's vectors, under the untuned base and under its model.

All entries and seeds of a language share one sample, so that before and after are measured on the same texts: at most
GEOMETRY_SAMPLE passages, drawn uniformly from the searched ones, and at most GEOMETRY_SAMPLE pairs of a dev query and
a passage relevant to it. The equations are in harness/stats/sphere.py, and are of unit vectors: those of a model that
compares by dot product are divided by their length.
"""

from __future__ import annotations

import random

import numpy as np

from harness.data.corpus import Corpus
from harness.keys import derive
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.base_model import base_model
from harness.stages.encode import Encoded, encode, rows_of
from harness.stages.lineage import GEOMETRY_SAMPLE, geometry_keys
from harness.stats.align import Floats
from harness.stats.sphere import alignment, anisotropy, uniformity
from harness.types import Data
from harness.vectors.embedding import Vectors, embed
from harness.vectors.search import normalized

Pair = tuple[str, str]  # query id, passage id


def geometry(cell: Cell, vectors: Encoded, data: Data, store: Store) -> dict[str, dict[str, float]]:
    """Return `before` and `after`, each with uniformity, alignment and anisotropy; equal for an untuned entry.

    {} where only one passage is searched: it has no pair.
    """
    if len(data.passages) < 2:
        return {}
    before, after = geometry_keys(cell)

    def untuned() -> dict[str, float]:
        if before == after:  # the cell's model is the base
            return _measure(vectors)
        return _measure(encode(cell, base_model(cell.suite, cell.place, store), data, store))

    first = store.read_json("geometry", before, untuned)
    tuned = first if before == after else store.read_json("geometry", after, lambda: _measure(vectors))
    return {"before": first, "after": tuned}


def passages(data: Data) -> list[str]:
    """Return the ids of the passages that uniformity and anisotropy are computed from, ascending."""
    count = len(data.passages)
    rng = random.Random(derive(0, "geometry", "passages", data.language))
    rows = sorted(rng.sample(range(count), min(GEOMETRY_SAMPLE, count)))
    if isinstance(data.passages, Corpus):
        return [data.passages.id_at(row) for row in rows]
    ids = sorted(data.passages)
    return [ids[row] for row in rows]


def pairs(data: Data) -> list[Pair]:
    """Return the pairs (dev query, relevant passage) that alignment is computed from, sorted."""
    relevant = sorted((query, doc) for query, grades in data.dev.items() for doc, grade in grades.items() if grade > 0)
    rng = random.Random(derive(0, "geometry", "pairs", data.language))
    return sorted(rng.sample(relevant, min(GEOMETRY_SAMPLE, len(relevant))))


def _measure(vectors: Encoded) -> dict[str, float]:
    data, sample, sample_pairs = vectors.data, passages(vectors.data), pairs(vectors.data)
    judged = sorted({*sample, *(doc for _, doc in sample_pairs)})
    texts = {doc: text for doc in judged if (text := data.passages.get(doc)) is not None}
    sample_pairs = [pair for pair in sample_pairs if pair[1] in texts]  # the corpus may lack a relevant passage
    passage_vectors = _unit(embed(vectors.model, texts, "passage", vectors.cell, vectors.store), vectors)
    query_vectors = _unit(vectors.queries, vectors)
    uniform: Floats = rows_of(passage_vectors, sample).astype(np.float64)
    left: Floats = rows_of(query_vectors, (query for query, _ in sample_pairs)).astype(np.float64)
    right: Floats = rows_of(passage_vectors, (doc for _, doc in sample_pairs)).astype(np.float64)
    return {"uniformity": uniformity(uniform), "alignment": alignment(left, right), "anisotropy": anisotropy(uniform)}


def _unit(found: Vectors, encoded: Encoded) -> Vectors:
    return found if encoded.normalized else Vectors(found.ids, normalized(found.matrix))
