"""Search of one block of passages on the device that holds their vectors; only the best keys come back.

The product, the keys and the choice of the best are queued on the device, and nothing waits for it before the keys are
read. `topk` over floats would return any of the passages that tie at the cut-off; over keys, which are distinct, it
keeps the tie rule. The last bits of a similarity are those of the product on that device (docs/traps.md, T20).

It is made for accelerators. On the processor arrays are several times faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.vectors.search_keys import LEFT_OUT, Keys, ordered

if TYPE_CHECKING:
    import torch

QUERY_BLOCK = 1024  # queries per product: with 16,384 passages 128 MiB of keys, and as much again to make them


class DeviceSearch:
    """The best keys of each query so far, on the device."""

    def __init__(
        self,
        queries: NDArray[np.float32],
        depth: int,
        keys: Keys,
        device: torch.device,
        ceilings: NDArray[np.float32] | None = None,
    ) -> None:
        import torch

        self.queries = torch.tensor(queries, device=device)  # [Q, dim]
        self.depth = depth
        self.best = torch.tensor(keys, device=device)  # [Q, ≤ depth], in any order
        self.ceilings = None if ceilings is None else torch.tensor(ceilings, device=device)  # [Q]

    def keys(self) -> Keys:
        """Return the best keys of each query, in any order; waits for the device."""
        keys: Keys = self.best.cpu().numpy()
        return keys

    def add(self, start: int, passages: torch.Tensor) -> None:
        """Search the passages of rows `start`, `start` + 1, …; vectors in half precision are read as float32."""
        import torch

        with torch.inference_mode():
            vectors = passages.to(torch.float32)
            rows = torch.arange(start, start + len(vectors), device=vectors.device)
            firsts = range(0, max(1, len(self.queries)), QUERY_BLOCK)  # one block where there are no queries
            parts = [slice(first, first + QUERY_BLOCK) for first in firsts]
            self.best = torch.cat([self._merged(self.best[p], self._similarities(p, vectors), rows) for p in parts])

    def _similarities(self, part: slice, vectors: torch.Tensor) -> torch.Tensor:
        similarities = self.queries[part] @ vectors.T
        if self.ceilings is None:
            return similarities
        return similarities.masked_fill(similarities > self.ceilings[part, None], LEFT_OUT)

    def _merged(self, best: torch.Tensor, similarities: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the best keys of some queries after a block of passages."""
        import torch

        bits = (similarities + 0.0).view(torch.int32)  # -0.0 is 0.0
        keys = (ordered(bits).to(torch.int64) << 32) | rows  # [q, B]
        both = torch.cat([best, _largest(keys, self.depth)], dim=1)
        return _largest(both, self.depth)


def _largest(keys: torch.Tensor, depth: int) -> torch.Tensor:
    """Return the `depth` largest keys of each row, in any order; all where there are no more."""
    return keys if keys.shape[1] <= depth else keys.topk(depth, dim=1, sorted=False).values
