"""The vectors of texts under one model, computed each time they are asked for.

Every stage that needs vectors has them from here (retrieval, mining, experts, geometry), or from base_vectors.py, which
stores those of the untuned base.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Precision
from harness.vectors.embedding import Vectors, embed_blocks, open_encoder, precision_of
from harness.vectors.encoder import Encoder, Role

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Block = tuple[list[str], NDArray[np.float32]]  # ids and their vectors


@dataclass(frozen=True)
class ModelVectors:
    """The vectors of a model for a cell; `folder()` makes or finds the model, which is opened at first use."""

    cell: Cell
    store: Store
    folder: Callable[[], Path]

    @cached_property
    def _opened(self) -> dict[Precision, SentenceTransformer]:
        return {}

    def model(self, dev: bool = False) -> SentenceTransformer:
        """Return the model in the precision for passages, or in that for dev queries."""
        role: Role = "query" if dev else "passage"
        precision = precision_of(self.cell, role)
        if precision not in self._opened:
            self._opened[precision] = open_encoder(self.folder(), self.cell, role)
        return self._opened[precision]

    @property
    def normalized(self) -> bool:
        """Whether the vectors have unit length: their model compares by cosine."""
        return Encoder(self.model(), self.cell.suite.text).normalized

    def blocks(
        self,
        texts: Mapping[str, str],
        role: Role,
        *,
        ids: Collection[str] | None = None,
        start: int = 0,
        dev: bool = False,
    ) -> Iterator[Block]:
        """Yield ids and vectors of the texts, or of those with `ids`, block by block in the order of the ids.

        `start`, a multiple of the size of a block, is the row of the first one. `dev`: they are dev queries, which may
        have a precision of their own.
        """
        chosen = texts if ids is None else {text_id: texts[text_id] for text_id in sorted(ids)}
        yield from embed_blocks(self.model(dev), chosen, role, self.cell, self.store, start)

    def vectors(
        self, texts: Mapping[str, str], role: Role, *, ids: Collection[str] | None = None, dev: bool = False
    ) -> Vectors:
        """Return the vectors of the texts, or of those with `ids`, at once."""
        names: list[str] = []
        parts: list[NDArray[np.float32]] = []
        for block_ids, block in self.blocks(texts, role, ids=ids, dev=dev):
            names += block_ids
            parts.append(block)
        return Vectors(names, np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32))


def rows_of(vectors: Vectors, ids: Iterable[str]) -> NDArray[np.float32]:
    """Return the vectors of the texts with these ids, in their order."""
    row = {text_id: i for i, text_id in enumerate(vectors.ids)}
    return vectors.matrix[[row[text_id] for text_id in ids]]
