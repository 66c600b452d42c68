"""What geometry is measured on: one sample of a language's texts, shared by all entries and seeds.

At most GEOMETRY_SAMPLE passages, drawn uniformly from the searched ones, and at most GEOMETRY_SAMPLE pairs of a dev
query and a passage relevant to it. The sample is known before a pass over all passages begins, which picks the vectors
up as it comes to them: nothing is encoded for the geometry of a tuned model.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.data.corpus import Corpus
from harness.keys import derive
from harness.stages.base_vectors import rows_among
from harness.stages.lineage import GEOMETRY_SAMPLE
from harness.stages.model_vectors import rows_of
from harness.stats.align import Floats
from harness.stats.sphere import alignment, anisotropy, uniformity
from harness.types import Data
from harness.vectors.embedding import Vectors
from harness.vectors.search import normalized

Pair = tuple[str, str]  # query id, passage id
Geometry = dict[str, float]  # uniformity, alignment, anisotropy


@dataclass(frozen=True)
class Sample:
    """The texts of a language that geometry is measured on."""

    passages: list[str]  # of uniformity and anisotropy, ascending
    pairs: list[Pair]  # of alignment, sorted

    @cached_property
    def all_passages(self) -> list[str]:
        """Every passage whose vector is needed, ascending."""
        return sorted({*self.passages, *(doc for _, doc in self.pairs)})

    @cached_property
    def queries(self) -> list[str]:
        """Every dev query whose vector is needed, ascending."""
        return sorted({query for query, _ in self.pairs})


def sample(data: Data) -> Sample | None:
    """Return the sample of a language; None where only one passage is searched: it has no pair."""
    if len(data.passages) < 2:
        return None
    held = [(query, doc) for query, doc in pairs(data) if doc in data.passages]  # the corpus may lack a relevant one
    return Sample(passages(data), held)


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


class Picked:
    """The vectors of the sampled passages, picked up block by block; `vectors` can be saved and set."""

    def __init__(self, drawn: Sample, data: Data, dimension: int) -> None:
        self.drawn = drawn
        self._rows = np.array(rows_among(data.passages, drawn.all_passages), dtype=np.int64)
        self.vectors = np.zeros((len(self._rows), dimension), dtype=np.float32)

    def add(self, start: int, block: NDArray[np.float32]) -> None:
        """Take the sampled ones among the passages of rows `start`, `start` + 1, …"""
        first, end = np.searchsorted(self._rows, [start, start + len(block)])
        self.vectors[first:end] = block[self._rows[first:end] - start]

    def geometry(self, queries: Vectors, unit: bool) -> Geometry:
        """Return the geometry after all passages were added; `unit`: the vectors have unit length."""
        return measured(self.drawn, queries, Vectors(self.drawn.all_passages, self.vectors), unit)


def measured(drawn: Sample, queries: Vectors, searched: Vectors, unit: bool) -> Geometry:
    """Return uniformity, alignment and anisotropy of the sample's vectors.

    Those of a model that compares by dot product (`unit` is false) are divided by their length first.
    """
    if not unit:
        queries, searched = (Vectors(vectors.ids, normalized(vectors.matrix)) for vectors in (queries, searched))
    uniform: Floats = rows_of(searched, drawn.passages).astype(np.float64)
    left: Floats = rows_of(queries, (query for query, _ in drawn.pairs)).astype(np.float64)
    right: Floats = rows_of(searched, (doc for _, doc in drawn.pairs)).astype(np.float64)
    return {"uniformity": uniformity(uniform), "alignment": alignment(left, right), "anisotropy": anisotropy(uniform)}
