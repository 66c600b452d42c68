"""Retrieve: the ranking of every dev query, by exact search over vectors or by a ranker that needs none.

Passages are searched block by block as they are encoded, with a running top-k; vectors cut to fewer dimensions
(Matryoshka) are searched in the same pass. A pass saves its state every SAVE blocks, so a killed one resumes there.

The pass over a tuned model's vectors also picks up those that its geometry is measured on; the geometry is stored
beside the ranking.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from harness.machine.store import VALUE, Store
from harness.request.cell import Cell
from harness.stages import tokenless
from harness.stages.encode import Encoded
from harness.stages.geometry_sample import Geometry, Picked, sample
from harness.stages.lineage import retrieve_key
from harness.stages.stage_settings import cuts, is_untuned
from harness.types import Data, Ranker, Ranking
from harness.vectors.search import TopK, cut, on_device, strictly_decreasing

SAVE = 16  # blocks: a quarter of a million passages
GEOMETRY = "geometry.json"  # beside the ranking; null for the base and for the folds of a cross-validation
TiedRanking = tuple[Ranking, int]  # with the number of tied neighbours


def retrieve(cell: Cell, encoded: Encoded, store: Store, dimension: int | None = None) -> TiedRanking:
    """Return the best passages of every dev query by inner product, of vectors cut to `dimension` if any.

    `dimension` is one of `cuts(cell)`.
    """
    rankings = json.loads((_output(cell, encoded, store) / VALUE).read_text(encoding="utf-8"))
    ranking, ties = rankings["" if dimension is None else str(dimension)]
    return _tuples(ranking), ties


def tuned_geometry(cell: Cell, encoded: Encoded, store: Store) -> Geometry:
    """Return the geometry of a tuned model's vectors, as the pass of `retrieve` measured it."""
    folder = store.find("retrieve", retrieve_key(cell)) or _output(cell, encoded, store)
    measured: Geometry = json.loads((folder / GEOMETRY).read_text(encoding="utf-8"))
    return measured


def _output(cell: Cell, encoded: Encoded, store: Store) -> Path:
    def write(folder: Path) -> None:
        rankings, measured = _search(cell, encoded, store)
        for name, value in ((VALUE, rankings), (GEOMETRY, measured)):
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
            (folder / name).write_text(text, encoding="utf-8")
        store.forget(retrieve_key(cell))

    return store.make("retrieve", retrieve_key(cell), write)


def _search(cell: Cell, encoded: Encoded, store: Store) -> tuple[dict[str, TiedRanking], Geometry | None]:
    depth = cell.suite.evaluation.depth
    queries, unit = encoded.queries, encoded.normalized
    best = {dimension: TopK(cut(queries.matrix, dimension, unit), depth) for dimension in (None, *cuts(cell))}
    drawn = None if is_untuned(cell) or cell.fold is not None else sample(encoded.data)
    picked = None if drawn is None else Picked(drawn, encoded.data, queries.matrix.shape[1])
    saved = store.partial(retrieve_key(cell)) / "ranking.npz"
    done = _load(saved, best, picked)
    for count, (start, vectors) in enumerate(encoded.passages(done), start=1):
        for dimension, top in best.items():
            top.add(start, on_device(cut(vectors, dimension, unit), cell.place.device))
        if picked is not None:
            picked.add(start, vectors)
        if count % SAVE == 0:
            _save(saved, best, picked, start + len(vectors))
    rankings = {str(dimension or ""): top.ranking(queries.ids, encoded.id_at) for dimension, top in best.items()}
    return rankings, None if picked is None else picked.geometry(queries, unit)


def _save(path: Path, best: dict[int | None, TopK], picked: Picked | None, done: int) -> None:
    """Save the state after `done` passages; the file is whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"done": np.array(done), **({} if picked is None else {"picked": picked.vectors})}
    for dimension, top in best.items():
        rows, scores = top.state()
        arrays |= {f"rows-{dimension or ''}": rows, f"scores-{dimension or ''}": scores}
    temporary = path.with_name(f"saving-{os.getpid()}.npz")
    np.savez(temporary, **arrays)
    temporary.replace(path)


def _load(path: Path, best: dict[int | None, TopK], picked: Picked | None) -> int:
    """Restore the state that a killed pass saved, and return how many passages it had searched."""
    if not path.is_file():
        return 0
    with np.load(path, allow_pickle=False) as arrays:
        for dimension, top in best.items():
            top.restore(arrays[f"rows-{dimension or ''}"], arrays[f"scores-{dimension or ''}"])
        if picked is not None:
            picked.vectors = arrays["picked"]
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
