"""Exact search over vectors in memory, with the blocks and the tie rule of the stages."""

from __future__ import annotations

import numpy as np

from harness.types import Ranking
from harness.vectors.embedding import BLOCK, Vectors
from harness.vectors.search import TopK


def search(queries: Vectors, passages: Vectors, depth: int, block: int = BLOCK) -> tuple[Ranking, int]:
    """Return the `depth` passages with the largest inner product for each query, and the number of tied neighbours."""
    best = TopK(queries.matrix, depth)
    for start in range(0, len(passages.ids), block):
        best.add(start, np.asarray(passages.matrix[start : start + block]))
    return best.ranking(queries.ids, passages.ids.__getitem__)
