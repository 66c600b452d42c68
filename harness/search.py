"""Exact search in blocks, never queries × corpus at once, and the one rule for ties.

Equal float32 similarities are ordered by passage id, descending, as trec_eval orders them; the written scores are
then made strictly decreasing in float32 by the smallest steps, so that every tool that reads the run sees this one
order (trap T3). How many neighbours were tied is counted.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from harness.embedding import Vectors
from harness.store import Store
from harness.types import Ranking

QUERY_BLOCK = 256
PASSAGE_BLOCK = 16_384  # 256 × 16,384 similarities in float32 are 16 MiB


def search(queries: Vectors, passages: Vectors, depth: int, store: Store) -> tuple[Ranking, int]:
    """Return the `depth` passages of largest inner product with every query, and the number of tied neighbours.

    Exact; memory is bounded by QUERY_BLOCK × PASSAGE_BLOCK similarities, whatever the size of the corpus.
    """
    ranking: dict[str, list[tuple[str, float]]] = {}
    ties = 0
    for start in range(0, len(queries.ids), QUERY_BLOCK):
        names = queries.ids[start : start + QUERY_BLOCK]
        best = _top(queries.matrix[start : start + QUERY_BLOCK], passages.matrix, depth)
        for name, (rows, scores) in zip(names, best, strict=True):
            found = [(passages.ids[row], float(score)) for row, score in zip(rows, scores, strict=True)]
            ranking[name], tied = strictly_decreasing(found)
            ties += tied
        store.progress("retrieve", start + len(names), len(queries.ids))
    return ranking, ties


def _top(
    queries: NDArray[np.float32], passages: NDArray[np.float32], depth: int
) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return rows and scores of the `depth` best passages of each query; of equal scores, the larger row first."""
    best: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = [
        (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)) for _ in queries
    ]
    for start in range(0, len(passages), PASSAGE_BLOCK):
        block = np.asarray(passages[start : start + PASSAGE_BLOCK])
        similarities = queries @ block.T  # [Q, B]
        floor = _floor(similarities, depth)
        for i, row in enumerate(similarities):
            kept = np.flatnonzero(row >= floor[i])  # every passage tied with the last one too
            rows = np.concatenate([best[i][0], kept + start])
            scores = np.concatenate([best[i][1], row[kept]])
            order = np.lexsort((-rows, -scores))[:depth]
            best[i] = (rows[order], scores[order])
    return best


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
