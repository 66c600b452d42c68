"""Retrieve: the ranking of every dev query, by exact search over vectors or by a ranker that needs none.

Passages are searched block by block as they are encoded, with a running top-k; vectors cut to fewer dimensions
(Matryoshka) are searched in the same pass. A pass saves its state every SAVE blocks, so a killed one resumes there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import tokenless
from harness.stages.encode import Encoded
from harness.stages.lineage import retrieve_key
from harness.stages.stage_settings import cuts
from harness.types import Data, Ranker, Ranking
from harness.vectors.search import TopK, cut, strictly_decreasing

SAVE = 16  # blocks: a quarter of a million passages
TiedRanking = tuple[Ranking, int]  # with the number of tied neighbours


def retrieve(cell: Cell, encoded: Encoded, store: Store, dimension: int | None = None) -> TiedRanking:
    """Return the best passages of every dev query by inner product, of vectors cut to `dimension` if any.

    `dimension` is one of `cuts(cell)`.
    """
    rankings = store.read_json("retrieve", retrieve_key(cell), lambda: _search(cell, encoded, store))
    ranking, ties = rankings["" if dimension is None else str(dimension)]
    return _tuples(ranking), ties


def _search(cell: Cell, encoded: Encoded, store: Store) -> dict[str, TiedRanking]:
    depth = cell.suite.evaluation.depth
    queries, unit = encoded.queries, encoded.normalized
    best = {dimension: TopK(cut(queries.matrix, dimension, unit), depth) for dimension in (None, *cuts(cell))}
    saved = store.partial(retrieve_key(cell)) / "ranking.npz"
    done = _load(saved, best)
    for count, (start, vectors) in enumerate(encoded.passages(done), start=1):
        for dimension, top in best.items():
            top.add(start, cut(vectors, dimension, unit))
        if count % SAVE == 0:
            _save(saved, best, start + len(vectors))
    rankings = {str(dimension or ""): top.ranking(queries.ids, encoded.id_at) for dimension, top in best.items()}
    store.forget(retrieve_key(cell))
    return rankings


def _save(path: Path, best: dict[int | None, TopK], done: int) -> None:
    """Save the running top-k after `done` passages; the file is whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"done": np.array(done)}
    for dimension, top in best.items():
        rows, scores = top.state()
        arrays |= {f"rows-{dimension or ''}": rows, f"scores-{dimension or ''}": scores}
    temporary = path.with_name(f"saving-{os.getpid()}.npz")
    np.savez(temporary, **arrays)
    temporary.replace(path)


def _load(path: Path, best: dict[int | None, TopK]) -> int:
    """Fill the top-k with the state that a killed pass saved, and return how many passages it had searched."""
    if not path.is_file():
        return 0
    with np.load(path) as arrays:
        for dimension, top in best.items():
            top.restore(arrays[f"rows-{dimension or ''}"], arrays[f"scores-{dimension or ''}"])
        return int(arrays["done"])


def rank(cell: Cell, ranker: Ranker, data: Data, store: Store) -> TiedRanking:
    """Return the ranking of an entry that needs no vectors, with ties broken by the same rule."""

    def compute() -> dict[str, TiedRanking]:
        queries = {query: data.queries[query] for query in sorted(data.dev)}
        tokenless.note(store, {str(cell.entry.method): tokenless.counted(ranker, data.passages, queries)})
        results = ranker.search(data.passages, queries, cell.suite.evaluation.depth)
        distinct = {query: strictly_decreasing(list(rows)) for query, rows in results.items()}
        ranking = {query: rows for query, (rows, _) in distinct.items()}
        return {"": (ranking, sum(ties for _, ties in distinct.values()))}

    ranking, ties = store.read_json("retrieve", retrieve_key(cell), compute)[""]
    return _tuples(ranking), ties


def _tuples(ranking: Any) -> Ranking:
    """Return a ranking read from JSON with tuples for lists."""
    return {query: [(doc, score) for doc, score in rows] for query, rows in ranking.items()}
