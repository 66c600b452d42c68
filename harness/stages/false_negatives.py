"""The false-negative filter of mining: passages about as near to a query as its relevant ones are left out.

With `entry.negative_margin` m, a passage d may be a negative of the query q if

    s(q, d) ≤ s(q, p) - m · |s(q, p)|

where s is the miner's similarity and p the relevant passage of q with the smallest one. Of the passages that may, the
nearest are the negatives. Source: Moreira et al. 2024, arXiv 2407.15831, "TopK-PercPos" (m = 0.05 is their 95 %), as
`relative_margin` of sentence-transformers' `mine_hard_negatives`. Departure: those decide for each pair (q, p); here
the negatives of a query are those of all its pairs, so its least similar relevant passage decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stages.model_vectors import ModelVectors, rows_of
from harness.types import Data
from harness.vectors.embedding import Vectors


def ceilings(data: Data, queries: Vectors, miner: ModelVectors, margin: float) -> NDArray[np.float32]:
    """Return the largest similarity that a negative of each query may have [Q], in the order of `queries`."""
    lowest: NDArray[np.float32] = np.full(len(queries.ids), np.inf, dtype=np.float32)
    pairs = [(row, doc) for row, query in enumerate(queries.ids) for doc in data.train[query]]
    for row, similarity in zip((row for row, _ in pairs), _similarities(pairs, data, queries, miner), strict=True):
        lowest[row] = min(lowest[row], similarity)
    limits: NDArray[np.float32] = (lowest - margin * np.abs(lowest)).astype(np.float32)
    return limits


def without_false_negatives(
    data: Data, negatives: Mapping[str, Sequence[str]], queries: Vectors, miner: ModelVectors, margin: float
) -> dict[str, list[str]]:
    """Return given negatives, such as those of the user's rows, without what the filter leaves out, in their order."""
    limits = ceilings(data, queries, miner, margin)
    pairs = [(row, doc) for row, query in enumerate(queries.ids) for doc in negatives.get(query, ())]
    kept: dict[str, list[str]] = {query: [] for query in negatives}
    for (row, doc), similarity in zip(pairs, _similarities(pairs, data, queries, miner), strict=True):
        if similarity <= limits[row]:
            kept[queries.ids[row]].append(doc)
    return kept


def _similarities(
    pairs: Sequence[tuple[int, str]], data: Data, queries: Vectors, miner: ModelVectors
) -> Iterable[np.float32]:
    """Return the similarity of each pair (row of the query, id of the passage)."""
    if not pairs:
        return []
    passages = miner.vectors(data.training_passages, "passage", ids={doc for _, doc in pairs})
    similarities: NDArray[np.float32] = np.einsum(
        "ij,ij->i", queries.matrix[[row for row, _ in pairs]], rows_of(passages, [doc for _, doc in pairs])
    )
    return similarities
