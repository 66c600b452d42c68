"""Geometry: uniformity, alignment and anisotropy of a cell's vectors, under the untuned base and under its model.

Both are measured on one sample (geometry_sample.py). The geometry of a tuned model is measured in the pass of its
retrieval and is part of that output. The geometry of the base is an output of its own, which all cells of a language
share; it is read off the base's stored vectors. The equations are in harness/stats/sphere.py.
"""

from __future__ import annotations

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.base_model import base_model
from harness.stages.base_vectors import BaseVectors
from harness.stages.encode import Encoded
from harness.stages.geometry_sample import Geometry, Sample, measured, sample
from harness.stages.lineage import geometry_key
from harness.stages.model_vectors import ModelVectors
from harness.stages.retrieve import tuned_geometry
from harness.stages.stage_settings import is_untuned
from harness.types import Data


def geometry(cell: Cell, vectors: Encoded, store: Store) -> dict[str, Geometry]:
    """Return `before` and `after`, each with uniformity, alignment and anisotropy; equal for an untuned entry.

    {} where only one passage is searched: it has no pair.
    """
    data, drawn = vectors.data, sample(vectors.data)
    if drawn is None:
        return {}
    untuned = is_untuned(cell)
    base = vectors.source if untuned else BaseVectors(cell, store, lambda: base_model(cell.suite, cell.place, store))
    before = store.read_json("geometry", geometry_key(cell), lambda: _of_base(base, drawn, data))
    return {"before": before, "after": before if untuned else tuned_geometry(cell, vectors, store)}


def _of_base(base: ModelVectors, drawn: Sample, data: Data) -> Geometry:
    dev = {query: data.queries[query] for query in data.dev}
    queries = base.vectors(dev, "query", ids=drawn.queries, dev=True)
    searched = base.vectors(data.passages, "passage", ids=drawn.all_passages)
    return measured(drawn, queries, searched, base.normalized)
