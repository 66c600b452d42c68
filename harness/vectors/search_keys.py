"""The tie rule of search as the order of integers: a key holds a similarity and the row of its passage.

The upper 32 bits order as the float32 similarity, the lower 32 bits are the row. So the larger of two keys is the one
that ranks first: of equal similarities the one of the larger row. Keys of one query are distinct, and the best of them
do not depend on the order in which they are seen. torch tensors and numpy arrays give equal keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Keys = NDArray[np.int64]
Bits = TypeVar("Bits", "NDArray[np.int32]", "torch.Tensor")

ROWS = 2**32  # rows that a key can hold
LEFT_OUT = -np.inf  # the similarity of a passage above its query's ceiling: below that of every other
EMPTY = -(2**63)  # no passage: smaller than the key of any similarity; as a similarity it is NaN


def ordered(bits: Bits) -> Bits:
    """Return integers that order as the floats with these bits; applied twice it returns the bits."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


def keys_of(scores: NDArray[np.float32], rows: NDArray[np.int64]) -> Keys:
    """Return the keys of these similarities; -0.0 is 0.0, as in a comparison."""
    positive_zero = np.add(scores, np.float32(0), dtype=np.float32)
    keys: Keys = (ordered(positive_zero.view(np.int32)).astype(np.int64) << 32) | rows
    return keys


def scores_of(keys: Keys) -> NDArray[np.float32]:
    """Return the similarities of these keys."""
    scores: NDArray[np.float32] = ordered((keys >> 32).astype(np.int32)).view(np.float32)
    return scores


def rows_of(keys: Keys) -> NDArray[np.int64]:
    """Return the rows of these keys."""
    rows: NDArray[np.int64] = keys & (ROWS - 1)
    return rows
