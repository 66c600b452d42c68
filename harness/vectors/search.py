"""Exact search in blocks, never queries × corpus at once, and the one rule for ties.

Equal float32 similarities are ordered by passage id, descending, as trec_eval orders them; the written scores are
then made strictly decreasing in float32 by the smallest steps, so that every tool that reads the run sees this one
order (trap T3). How many neighbours were tied is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from harness.types import Ranking
from harness.vectors.embedding import BLOCK, Vectors

QUERY_BLOCK = 256  # 256 × 16,384 similarities in float32 are 16 MiB


class TopK:
    """The best passages of every query so far; blocks of passages are added in the order of their ids."""

    def __init__(self, queries: NDArray[np.float32], depth: int) -> None:
        self.queries = queries  # [Q, dim]
        self.depth = depth
        self.rows = np.zeros((len(queries), 0), dtype=np.int64)  # [Q, ≤ depth], best first
        self.scores = np.zeros((len(queries), 0), dtype=np.float32)

    def add(self, start: int, passages: NDArray[np.float32]) -> None:
        """Take in the passages of rows `start` and after; of equal scores, the larger row is the better one."""
        kept = min(self.depth, self.rows.shape[1] + len(passages))
        rows = np.empty((len(self.queries), kept), dtype=np.int64)
        scores = np.empty((len(self.queries), kept), dtype=np.float32)
        for first in range(0, len(self.queries), QUERY_BLOCK):
            similarities = self.queries[first : first + QUERY_BLOCK] @ passages.T  # [q, B]
            floor = _floor(similarities, self.depth)
            for i, row in enumerate(similarities, start=first):
                found = np.flatnonzero(row >= floor[i - first])  # every passage tied with the last one too
                candidates = np.concatenate([self.rows[i], found + start])
                values = np.concatenate([self.scores[i], row[found]])
                order = np.lexsort((-candidates, -values))[:kept]
                rows[i], scores[i] = candidates[order], values[order]
        self.rows, self.scores = rows, scores

    def ranking(self, queries: Sequence[str], id_at: Callable[[int], str]) -> tuple[Ranking, int]:
        """Return each query's passages, scores strictly decreasing, and the number of tied neighbours."""
        ranking: dict[str, list[tuple[str, float]]] = {}
        ties = 0
        for name, rows, scores in zip(queries, self.rows.tolist(), self.scores.tolist(), strict=True):
            found = [(id_at(row), score) for row, score in zip(rows, scores, strict=True)]
            ranking[name], tied = strictly_decreasing(found)
            ties += tied
        return ranking, ties


def search(queries: Vectors, passages: Vectors, depth: int) -> tuple[Ranking, int]:
    """Return the `depth` passages of largest inner product with every query, and the number of tied neighbours."""
    best = TopK(queries.matrix, depth)
    for start in range(0, len(passages.ids), BLOCK):
        best.add(start, np.asarray(passages.matrix[start : start + BLOCK]))
    return best.ranking(queries.ids, passages.ids.__getitem__)


def cut(vectors: NDArray[np.float32], dimension: int | None) -> NDArray[np.float32]:
    """Return the first `dimension` components, of length 1 again; None leaves the vectors as they are."""
    if dimension is None:
        return vectors
    short = vectors[:, :dimension]
    length = np.maximum(np.linalg.norm(short, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    unit: NDArray[np.float32] = (short / length).astype(np.float32)
    return unit


def _floor(similarities: NDArray[np.float32], depth: int) -> NDArray[np.float32]:
    """Return each query's `depth`-th largest similarity in this block."""
    width = similarities.shape[1]
    if width <= depth:
        return np.full(len(similarities), -np.inf, dtype=np.float32)
    floor: NDArray[np.float32] = np.partition(similarities, width - depth, axis=1)[:, width - depth]
    return floor


def strictly_decreasing(found: list[tuple[str, float]]) -> tuple[list[tuple[str, float]], int]:
    """Return the rows under the tie rule with float32-distinct scores, and how many neighbours were tied."""
    rows = sorted(((doc, np.float32(score)) for doc, score in found), key=lambda row: row[0], reverse=True)
    rows.sort(key=lambda row: row[1], reverse=True)
    ties = sum(one[1] == two[1] for one, two in pairwise(rows))
    distinct: list[tuple[str, float]] = []
    ceiling = np.float32(np.inf)
    for doc, score in rows:
        ceiling = min(score, np.nextafter(ceiling, np.float32(-np.inf)))
        distinct.append((doc, float(ceiling)))
    return distinct, int(ties)
