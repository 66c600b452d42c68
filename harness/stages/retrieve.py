"""Retrieve: the ranking of every dev query, by exact search over vectors or by a ranker that needs none."""

from __future__ import annotations

from collections.abc import Callable

from harness.cell import Cell
from harness.embedding import Vectors
from harness.keys import key
from harness.search import search, strictly_decreasing
from harness.stages import encode, prepare
from harness.store import Store
from harness.types import Data, Ranker, Ranking

VERSION = 1
Found = tuple[Ranking, int]  # and how many neighbours were tied


def key_of(cell: Cell) -> str:
    """Return the key of a cell's ranking."""
    depth = cell.suite.evaluation.depth
    if isinstance(cell.plugin, Ranker):
        inputs = [prepare.key_of(cell.suite, cell.language)]
        return key("retrieve", VERSION, inputs, [depth, cell.entry.identity(), cell.plugin_versions()])
    return key("retrieve", VERSION, [encode.key_of(cell)], depth)


def retrieve(cell: Cell, vectors: tuple[Vectors, Vectors], store: Store) -> Found:
    """Return the best passages of every dev query by inner product."""
    return _cached(cell, store, lambda: search(*vectors, cell.suite.evaluation.depth, store))


def rank(cell: Cell, ranker: Ranker, data: Data, store: Store) -> Found:
    """Return the ranking of an entry that needs no vectors, under the same tie rule."""

    def compute() -> Found:
        queries = {query: data.queries[query] for query in sorted(data.dev)}
        found = ranker.search(data.passages, queries, cell.suite.evaluation.depth)
        distinct = {query: strictly_decreasing(list(rows)) for query, rows in found.items()}
        return {query: rows for query, (rows, _) in distinct.items()}, sum(ties for _, ties in distinct.values())

    return _cached(cell, store, compute)


def _cached(cell: Cell, store: Store, compute: Callable[[], Found]) -> Found:
    ranking, ties = store.read_json("retrieve", key_of(cell), compute)
    return {query: [(doc, score) for doc, score in rows] for query, rows in ranking.items()}, ties
