"""Scores side by side: by query id, never by position, and never with a gap or a NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

Floats = NDArray[np.float64]


def aligned(named: Mapping[str, Mapping[str, float]]) -> tuple[tuple[str, ...], Floats]:
    """Return the query ids, sorted, and the scores of each name in that order.  [names, queries]

    Raises DataError where there is no query, where two names answer different queries, and for a NaN or an
    infinite score.
    """
    if not named:
        raise DataError("no scores to align; name at least one run")
    first = next(iter(named))
    queries = tuple(sorted(named[first]))
    if not queries:
        raise DataError(f"{first} has no query; run it again")
    for name, scores in named.items():
        if odd := scores.keys() ^ named[first].keys():
            where = f"{len(odd)} queries are in one only, '{min(odd)}' first"
            raise DataError(f"{first} and {name} answer different queries: {where}; run both on the same data")
        for query_id in queries:
            if not math.isfinite(scores[query_id]):
                raise DataError(f"{name} has the score {scores[query_id]} for query '{query_id}'; run it again")
    return queries, np.array([[scores[query_id] for query_id in queries] for scores in named.values()])


def finite(values: Floats, dimensions: int) -> Floats:
    """Return `values` as float64; raises ValueError for another number of axes, an empty one, or NaN."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != dimensions or not values.size:
        raise ValueError(f"expected scores on {dimensions} axes, none of them empty, got the shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("cannot compute with scores that are not finite")
    return values
