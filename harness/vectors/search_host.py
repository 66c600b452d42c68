"""Search of one block of passages on the processor: one matrix product, then only what can still be among the best.

A query's floor is its `depth`-th best similarity so far. Only similarities at or above it are looked at again: of those
that equal it, the ones of a larger row still win. Before `depth` passages have been seen, the floor is that of the
block, by a partition. On a corpus of N passages in random order, about `depth` · ln(N / block) similarities per query
pass their floor after the first block, so the matrix product is nearly all of the time.

The last bits of a similarity are those of the product QUERY_BLOCK queries × the passages of the block: they depend on
the shape of the product and on the BLAS library (docs/traps.md, T20). Everything after it is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.vectors.search_keys import EMPTY, LEFT_OUT, Keys, keys_of, scores_of

QUERY_BLOCK = 256  # queries per product: 256 × 16,384 float32 similarities are 16 MiB
CELLS = 2**18  # similarities that are looked at in one step: 1 MiB, and with every one a candidate 14 MiB


class HostSearch:
    """The best keys of each query so far, in memory."""

    def __init__(
        self, queries: NDArray[np.float32], depth: int, keys: Keys, ceilings: NDArray[np.float32] | None = None
    ) -> None:
        self.queries = queries  # [Q, dim]
        self.depth = depth
        self.best = keys.copy()  # [Q, ≤ depth], in any order
        self.ceilings = ceilings  # [Q]
        self.product = np.empty(0, dtype=np.float32)

    def keys(self) -> Keys:
        """Return the best keys of each query, in any order."""
        return self.best

    def add(self, start: int, passages: NDArray[np.float32]) -> None:
        """Search the passages of rows `start`, `start` + 1, …."""
        width = min(self.depth, self.best.shape[1] + len(passages))
        best = np.empty((len(self.queries), width), dtype=np.int64)
        strip = max(1, CELLS // max(1, len(passages)))
        for first in range(0, len(self.queries), QUERY_BLOCK):
            similarities = self._similarities(first, passages)  # [q, B]
            for low in range(0, len(similarities), strip):
                part = slice(first + low, first + min(low + strip, len(similarities)))
                best[part] = self._merged(self.best[part], similarities[low : low + strip], start)
        self.best = best

    def _similarities(self, first: int, passages: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the similarities of one block of queries, in memory that the next call uses again."""
        queries = self.queries[first : first + QUERY_BLOCK]
        cells = len(queries) * len(passages)
        if self.product.size < cells:
            self.product = np.empty(cells, dtype=np.float32)
        out = self.product[:cells].reshape(len(queries), len(passages))
        np.matmul(queries, passages.T, out=out)
        if self.ceilings is not None:
            out[out > self.ceilings[first : first + QUERY_BLOCK, None]] = LEFT_OUT
        return out

    def _merged(self, best: Keys, similarities: NDArray[np.float32], start: int) -> Keys:
        """Return the best keys of some queries after a block of passages."""
        full = best.shape[1] == self.depth
        floor = scores_of(best.min(axis=1)) if full else _floor(similarities, self.depth)
        hits = np.flatnonzero(similarities >= floor[:, None])  # with all that are equal to the floor
        if full and not len(hits):
            return best
        queries, columns = np.divmod(hits, similarities.shape[1])
        keys = keys_of(similarities.ravel()[hits], columns + start)
        new = min(self.depth - best.shape[1], similarities.shape[1])  # as many more keys as a query must have now
        both = np.concatenate([best, _table(queries, keys, (len(best), new))], axis=1)
        spare = both.shape[1] - self.depth
        return both if spare <= 0 else np.partition(both, spare, axis=1)[:, spare:]


def _floor(similarities: NDArray[np.float32], depth: int) -> NDArray[np.float32]:
    """Return each query's `depth`-th largest similarity in this block; -inf where it has no more than `depth`."""
    width = similarities.shape[1]
    if width <= depth:
        return np.full(len(similarities), -np.inf, dtype=np.float32)
    floor: NDArray[np.float32] = np.partition(similarities, width - depth, axis=1)[:, width - depth]
    return floor


def _table(queries: NDArray[np.int64], keys: Keys, shape: tuple[int, int]) -> Keys:
    """Return the keys as one row per query, of this shape or wider, filled with EMPTY.

    `queries`, the row of each key, ascends.
    """
    count, width = shape
    sizes = np.bincount(queries, minlength=count)
    table = np.full((count, int(sizes.max(initial=width))), EMPTY, dtype=np.int64)
    table[queries, np.arange(len(keys)) - (np.cumsum(sizes) - sizes)[queries]] = keys
    return table
