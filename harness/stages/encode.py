"""Encode: the vectors of a cell's dev queries and passages under its model, block by block and never stored.

At 2.2 million passages of 1,024 dimensions the vectors of one cell are 9 GB; only the ranking is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.corpus import Corpus
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.types import Data
from harness.vectors.embedding import Vectors, embed, embed_blocks, open_encoder, precision_of
from harness.vectors.encoder import Encoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True)
class Encoded:
    """Vectors that are computed when they are read."""

    cell: Cell
    folder: Path
    data: Data
    store: Store

    @cached_property
    def model(self) -> SentenceTransformer:
        """The encoder of passages, opened at first use."""
        return open_encoder(self.folder, self.cell)

    @property
    def normalized(self) -> bool:
        """Whether the vectors have unit length: their model compares by cosine."""
        return Encoder(self.model, self.cell.suite.text).normalized

    @cached_property
    def queries(self) -> Vectors:
        """The vectors of the dev queries."""
        texts = {query: self.data.queries[query] for query in self.data.dev}
        equal = precision_of(self.cell, "query") == precision_of(self.cell, "passage")
        model = self.model if equal else open_encoder(self.folder, self.cell, "query")
        return embed(model, texts, "query", self.cell, self.store)

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
        for ids, vectors in embed_blocks(self.model, self.data.passages, "passage", self.cell, self.store, start):
            yield start, vectors
            start += len(ids)


def rows_of(vectors: Vectors, ids: Iterable[str]) -> NDArray[np.float32]:
    """Return the vectors of the texts with these ids, in their order."""
    row = {text_id: i for i, text_id in enumerate(vectors.ids)}
    return vectors.matrix[[row[text_id] for text_id in ids]]


def encode(cell: Cell, model_folder: Path, data: Data, store: Store) -> Encoded:
    """Return the vectors of the dev queries and of all passages, computed when they are read."""
    return Encoded(cell, model_folder, data, store)
