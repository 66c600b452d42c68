"""The paired sign-flip permutation test of a mean difference (Fisher 1935; Smucker, Allan and Carterette 2007).

Under the null hypothesis the two entries are exchangeable within each query, so that each difference d[q] is as likely
as −d[q]. The two-sided p is the share of sign vectors whose |mean| is at least that observed: of all 2ⁿ for up to EXACT
queries, and (b + 1) / (m + 1) of m drawn ones above that, never 0 (Phipson and Smyth 2010). It holds for the seeds that
were run: scores are averaged over seeds before they are compared.

All columns of one test share their sign vectors, and the flipped mean of a difference is the difference of the flipped
means: one matrix product serves every pair of entries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.align import Floats, finite

DRAWS = 19_999  # smallest p: 1/20,000, a fifteenth of .05/13/5; p = .05/13 is known to ± 11 %
EXACT = 12  # queries: 4,096 sign vectors
_CHUNK = 1_000  # sign vectors held at once as float64
_ROUNDING = 1e-12  # of the scores' mean absolute value: sums in another order still tie


@dataclass(frozen=True)
class Flips:
    """Sign vectors of −1 and 1.  [flips, queries] `exact`: these are all that exist."""

    signs: NDArray[np.int8]
    exact: bool


def draw_flips(n: int, seed: int, draws: int = DRAWS) -> Flips:
    """Return all sign vectors of up to EXACT queries, else `draws` of PCG64(seed)."""
    if n < 1:
        raise ValueError("no query to flip")
    if n <= EXACT:
        bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
        return Flips((1 - 2 * bits).astype(np.int8), exact=True)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = np.frombuffer(generator.bytes(draws * -(-n // 8)), dtype=np.uint8).reshape(draws, -1)
    bits = np.unpackbits(drawn, axis=1, count=n).view(np.int8)
    return Flips(1 - 2 * bits, exact=False)


def flipped_means(values: Floats, flips: Flips) -> Floats:
    """Return the mean of each column of `values` [queries, columns] under each sign vector.  [flips, columns]"""
    values = finite(values, 2)
    means = np.empty((len(flips.signs), values.shape[1]))
    for start in range(0, len(means), _CHUNK):
        means[start : start + _CHUNK] = flips.signs[start : start + _CHUNK].astype(np.float64) @ values
    return means / len(values)


def p_values(observed: Floats, flipped: Floats, size: Floats, exact: bool) -> Floats:
    """Return the two-sided p of observed means [columns] among `flipped` ones [flips, columns].

    `size` is the mean absolute value of the scores behind each column: rounding is measured against it.
    """
    extreme = (np.abs(flipped) >= np.abs(observed) - _ROUNDING * size).sum(axis=0)
    return np.asarray(extreme / len(flipped) if exact else (extreme + 1) / (len(flipped) + 1))


def stratified(parts: list[Floats]) -> Floats:
    """Return the differences of several languages [queries, columns] as one array whose mean is their average.

    Language l's differences are scaled by N / (L · n_l), N the number of queries of all L languages: they are weighted
    equally, and a sign flip remains a sign flip.
    """
    total = sum(len(part) for part in parts)
    return np.concatenate([finite(part, 2) * (total / (len(parts) * len(part))) for part in parts])
