"""Scores of several runs aligned by query id, never by position, without gaps or NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

Floats = NDArray[np.float64]


def aligned(scores_by_name: Mapping[str, Mapping[str, float]]) -> tuple[tuple[str, ...], Floats]:
    """Return the query ids, sorted, and the scores of each name in that order.  [names, queries]

    Raises DataError where there is no query, where two names answer different queries, and for a NaN or an infinite
    score.
    """
    if not scores_by_name:
        raise DataError("no scores to align; give at least one run")
    first = next(iter(scores_by_name))
    queries = tuple(sorted(scores_by_name[first]))
    if not queries:
        raise DataError(f"{first} has no query; run it again")
    for name, scores in scores_by_name.items():
        if unshared := scores.keys() ^ scores_by_name[first].keys():
            where = f"{len(unshared)} queries are in one only, '{min(unshared)}' first"
            raise DataError(f"{first} and {name} answer different queries: {where}; run both on the same data")
        for query_id in queries:
            if not math.isfinite(scores[query_id]):
                raise DataError(f"{name} has the score {scores[query_id]} for query '{query_id}'; run it again")
    return queries, np.array([[scores[query_id] for query_id in queries] for scores in scores_by_name.values()])


def finite(values: Floats, dimensions: int) -> Floats:
    """Return `values` as float64; raises ValueError for another number of dimensions, an empty array, or NaN."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != dimensions or not values.size:
        raise ValueError(f"expected a non-empty array of {dimensions} dimensions, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite")
    return values
