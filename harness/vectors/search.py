"""Exact search in blocks, without the whole queries × corpus matrix, and the rule for ties.

Equal float32 similarities are ordered by passage id, descending, as in trec_eval. The written scores are then made
strictly decreasing in float32 by the smallest possible steps, so that every tool reads the same order from a run
(docs/traps.md, T3). Tied neighbours are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from harness.types import Ranking

QUERY_BLOCK = 256  # 256 × 16,384 float32 similarities are 16 MiB


class TopK:
    """The best passages of each query so far; blocks of passages are added in ascending order of their ids."""

    def __init__(self, queries: NDArray[np.float32], depth: int) -> None:
        self.queries = queries  # [Q, dim]
        self.depth = depth
        self.rows = np.zeros((len(queries), 0), dtype=np.int64)  # [Q, ≤ depth], best first
        self.scores = np.zeros((len(queries), 0), dtype=np.float32)

    def add(self, start: int, passages: NDArray[np.float32]) -> None:
        """Add the passages of rows `start`, `start` + 1, …; among equal scores, the larger row ranks first."""
        kept = min(self.depth, self.rows.shape[1] + len(passages))
        rows = np.empty((len(self.queries), kept), dtype=np.int64)
        scores = np.empty((len(self.queries), kept), dtype=np.float32)
        for first in range(0, len(self.queries), QUERY_BLOCK):
            similarities = self.queries[first : first + QUERY_BLOCK] @ passages.T  # [q, B]
            floor = _floor(similarities, self.depth)
            for i, row in enumerate(similarities, start=first):
                columns = np.flatnonzero(row >= floor[i - first])  # with all passages tied at the cut-off
                candidates = np.concatenate([self.rows[i], columns + start])
                values = np.concatenate([self.scores[i], row[columns]])
                order = np.lexsort((-candidates, -values))[:kept]
                rows[i], scores[i] = candidates[order], values[order]
        self.rows, self.scores = rows, scores

    def ranking(self, queries: Sequence[str], id_at: Callable[[int], str]) -> tuple[Ranking, int]:
        """Return each query's passages with strictly decreasing scores, and the number of tied neighbours."""
        ranking: dict[str, list[tuple[str, float]]] = {}
        ties = 0
        for query, rows, scores in zip(queries, self.rows.tolist(), self.scores.tolist(), strict=True):
            ranking[query], tied = strictly_decreasing(list(zip(map(id_at, rows), scores, strict=True)))
            ties += tied
        return ranking, ties


def cut(vectors: NDArray[np.float32], dimension: int | None, unit: bool = True) -> NDArray[np.float32]:
    """Return the first `dimension` components, normalised again where `unit`; None returns the vectors unchanged."""
    if dimension is None:
        return vectors
    truncated = vectors[:, :dimension]
    return normalized(truncated) if unit else truncated


def normalized(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors at unit length."""
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    unit: NDArray[np.float32] = (vectors / norms).astype(np.float32)
    return unit


def _floor(similarities: NDArray[np.float32], depth: int) -> NDArray[np.float32]:
    """Return each query's `depth`-th largest similarity in this block."""
    width = similarities.shape[1]
    if width <= depth:
        return np.full(len(similarities), -np.inf, dtype=np.float32)
    floor: NDArray[np.float32] = np.partition(similarities, width - depth, axis=1)[:, width - depth]
    return floor


def strictly_decreasing(scores: list[tuple[str, float]]) -> tuple[list[tuple[str, float]], int]:
    """Return (id, score) pairs in the order of the tie rule with distinct float32 scores, and the number of ties."""
    rows = sorted(((doc, np.float32(score)) for doc, score in scores), key=lambda row: row[0], reverse=True)
    rows.sort(key=lambda row: row[1], reverse=True)
    ties = sum(upper == lower for (_, upper), (_, lower) in pairwise(rows))
    distinct: list[tuple[str, float]] = []
    ceiling = np.float32(np.inf)
    for doc, score in rows:
        ceiling = min(score, np.nextafter(ceiling, np.float32(-np.inf)))
        distinct.append((doc, float(ceiling)))
    return distinct, int(ties)
