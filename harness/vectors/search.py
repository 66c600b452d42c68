"""Exact search in blocks, without the whole queries × corpus matrix, and the rule for ties.

Equal float32 similarities are ordered by passage id, descending, as in trec_eval. The written scores are then made
strictly decreasing in float32 by the smallest possible steps, so that every tool reads the same order from a run
(docs/traps.md, T3). Tied neighbours are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.types import Ranking
from harness.vectors.search_device import DeviceSearch
from harness.vectors.search_host import HostSearch
from harness.vectors.search_keys import LEFT_OUT, ROWS, Keys, keys_of, rows_of, scores_of

if TYPE_CHECKING:
    import torch

Block: TypeAlias = "NDArray[np.float32] | torch.Tensor"  # vectors [B, dim] of passages
Vectors = TypeVar("Vectors", bound="NDArray[np.float32] | torch.Tensor")


class _Search(Protocol):
    """Searches blocks of passages where their vectors are."""

    def add(self, start: int, passages: Any) -> None: ...

    def keys(self) -> Keys: ...


class TopK:
    """The best passages of each query so far. Blocks of passages are numpy arrays, or torch tensors on any device.

    A block is searched where its vectors are: arrays by `search_host`, tensors by `search_device`, which name the
    products that similarities come from. Which passages are kept depends on nothing else: neither on the order of the
    blocks nor on whether the state was saved and restored between them. Vectors are finite.
    """

    def __init__(self, queries: NDArray[np.float32], depth: int, ceilings: NDArray[np.float32] | None = None) -> None:
        self.queries = queries  # [Q, dim]
        self.depth = depth
        self.ceilings = ceilings  # [Q]: passages above their query's are left out
        self._keys = np.empty((len(queries), 0), dtype=np.int64)  # of what was searched before `_search` was opened
        self._place = ""
        self._search: _Search | None = None

    def add(self, start: int, passages: Block) -> None:
        """Add the passages of rows `start`, `start` + 1, …; among equal scores, the larger row ranks first."""
        if start + len(passages) > ROWS:
            raise ValueError(f"passages {start} to {start + len(passages)}: a search ranks at most {ROWS} passages")
        if len(passages):
            self._opened(passages).add(start, passages)

    def _opened(self, passages: Block) -> _Search:
        """Return the search on the device of these vectors, with the best passages so far."""
        place = "host" if isinstance(passages, np.ndarray) else str(passages.device)
        if self._search is None or place != self._place:
            keys = self._best()
            if isinstance(passages, np.ndarray):
                self._search = HostSearch(self.queries, self.depth, keys, self.ceilings)
            else:
                self._search = DeviceSearch(self.queries, self.depth, keys, passages.device, self.ceilings)
            self._place = place
        return self._search

    def _best(self) -> Keys:
        """Return the keys of the best passages so far, best first."""
        keys = self._keys if self._search is None else self._search.keys()
        return np.sort(keys, axis=1)[:, ::-1].copy()

    def state(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the rows and the scores of the best passages so far [Q, ≤ depth], best first."""
        keys = self._best()
        return rows_of(keys), scores_of(keys)

    def restore(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Continue from what `state` returned."""
        self._keys, self._search = keys_of(scores, rows), None

    def ranking(self, queries: Sequence[str], id_at: Callable[[int], str]) -> tuple[Ranking, int]:
        """Return each query's passages with strictly decreasing scores, and the number of tied neighbours.

        Raises ValueError where a similarity is not a number.
        """
        ranking: dict[str, list[tuple[str, float]]] = {}
        ties = 0
        rows, scores = self.state()
        if np.isnan(scores).any():
            raise ValueError("a similarity is not a number: vectors of queries or passages contain NaN or infinity")
        for query, best, values in zip(queries, rows.tolist(), scores.tolist(), strict=True):
            kept = [(id_at(row), value) for row, value in zip(best, values, strict=True) if value != LEFT_OUT]
            ranking[query], tied = strictly_decreasing(kept)
            ties += tied
        return ranking, ties


def on_device(vectors: NDArray[np.float32], device: str) -> Block:
    """Return vectors where they are searched: as they are on CPU, copied to an accelerator (25 MB a block of 384)."""
    if device == "cpu":
        return vectors
    import torch

    return torch.from_numpy(vectors).to(device)


def cut(vectors: Vectors, dimension: int | None, unit: bool = True) -> Vectors:
    """Return the first `dimension` components, normalised again where `unit`; None returns the vectors unchanged."""
    if dimension is None:
        return vectors
    components: Any = vectors
    truncated: Vectors = components[:, :dimension]
    return normalized(truncated) if unit else truncated


def normalized(vectors: Vectors) -> Vectors:
    """Return the vectors at unit length, in float32."""
    components: Any = vectors
    tiny = float(np.finfo(np.float32).tiny)
    unit: Vectors
    if isinstance(vectors, np.ndarray):
        norms = np.maximum(np.linalg.norm(components, axis=1, keepdims=True), tiny)
        unit = (components / norms).astype(np.float32)
    else:
        components = components.float()
        unit = components / components.norm(dim=1, keepdim=True).clamp_min(tiny)
    return unit


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
