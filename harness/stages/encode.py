"""Encode: the vectors of a cell's dev queries and passages under its model, computed block by block as they are read.

Those of a tuned model are not stored: at 2.2 million passages of 1,024 dimensions they are 9 GB, and one pass, that of
retrieval, reads them. Those of the untuned base are what base_vectors.py stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.corpus import Corpus
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.base_vectors import BaseVectors
from harness.stages.model_vectors import ModelVectors
from harness.stages.stage_settings import is_untuned
from harness.types import Data
from harness.vectors.embedding import Vectors


@dataclass(frozen=True)
class Encoded:
    """The vectors of a cell's dev queries and passages, available as they are read."""

    data: Data
    source: ModelVectors

    @property
    def normalized(self) -> bool:
        """Whether the vectors have unit length: their model compares by cosine."""
        return self.source.normalized

    @cached_property
    def queries(self) -> Vectors:
        """The vectors of the dev queries."""
        return self.source.vectors({query: self.data.queries[query] for query in self.data.dev}, "query", dev=True)

    @cached_property
    def ids(self) -> list[str] | None:
        """The passages' ids in order; None for a corpus on disk, which has its own order."""
        return None if isinstance(self.data.passages, Corpus) else sorted(self.data.passages)

    def id_at(self, row: int) -> str:
        """Return the id of the row-th passage."""
        passages = self.data.passages
        return passages.id_at(row) if isinstance(passages, Corpus) else (self.ids or [])[row]

    def passages(self, start: int = 0) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the first row and the vectors of every block of passages, from row `start` on."""
        for ids, vectors in self.source.blocks(self.data.passages, "passage", start=start):
            yield start, vectors
            start += len(ids)


def encode(cell: Cell, model_folder: Path, data: Data, store: Store) -> Encoded:
    """Return the vectors of the dev queries and of all passages, available as they are read."""
    vectors = BaseVectors if is_untuned(cell) else ModelVectors
    return Encoded(data, vectors(cell, store, lambda: model_folder))
