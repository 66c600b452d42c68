"""Simulated scores with known truth: queries, seeds and their interaction vary, as in harness.stats.intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# nDCG@10 with one relevant passage: half of the queries find nothing, a quarter have it first.
_VALUES = np.array([0.0, 0.3, 0.5, 0.63, 1.0])
_SHARES = np.array([0.5, 0.1, 0.1, 0.05, 0.25])
_CHANGING = 0.15  # the share of queries that change from seed to seed at all, as measured on the suites' first seeds


@dataclass(frozen=True)
class Spread:
    """Standard deviations: over queries, of the means of seeds, and of a query's change from seed to seed."""

    query: float
    seed: float
    interaction: float
    skewed: bool = False


def additive(generator: np.random.Generator, shape: tuple[int, int, int], spread: Spread) -> Floats:
    """Return data sets whose mean over all queries and seeds is exactly 0.  shape: [sets, seeds, queries]"""
    sets, seeds, n = shape
    if spread.skewed:
        mean = float(_VALUES @ _SHARES)
        deviation = float(np.sqrt((_VALUES - mean) ** 2 @ _SHARES))
        queries = (generator.choice(_VALUES, p=_SHARES, size=(sets, 1, n)) - mean) / deviation * spread.query
        changes = generator.random((sets, 1, n)) < _CHANGING
        noise = generator.standard_normal(shape) * changes * spread.interaction / np.sqrt(_CHANGING)
    else:
        queries = generator.standard_normal((sets, 1, n)) * spread.query
        noise = generator.standard_normal(shape) * spread.interaction
    values: Floats = queries + generator.standard_normal((sets, seeds, 1)) * spread.seed + noise
    return values


def ranked(generator: np.random.Generator, entries: list[str], seeds: int, n: int, seed_sd: float) -> dict[str, Floats]:
    """Return nDCG@10 of one relevant passage, for each entry [seeds, n]: as runs give it, in [0, 1].

    The rank of a passage comes from a latent quality: of the query (shared), of the seed, and of their interaction.
    `seed_sd` is roughly the standard deviation of the means of seeds.
    """
    difficulty = generator.standard_normal(n)
    pool = {}
    for entry in entries:
        preference = 0.3 * generator.standard_normal(n)
        latent = difficulty + preference + 3 * seed_sd * generator.standard_normal((seeds, 1))
        latent = latent + 0.2 * generator.standard_normal((seeds, n))
        rank = np.maximum(1, np.ceil(np.exp(1.2 - 2.0 * latent)))
        pool[entry] = np.where(rank <= 10, 1 / np.log2(1 + rank), 0.0)
    return pool
