"""How often experts who know nothing of each other are said to agree at .05, by either p of Kendall's W.

    python tests/benchmarks/agreement.py [--runs 400] [--permutations 199]

Four experts score the pairs of 60 queries; a share of the variance of each one's scores is a level of its own per query
(a hard query), the same for all pairs of the query. "shared" is the share of variance that all experts have in common,
per pair: with it they do agree, and the rate is the power. Queries have 10 pairs, or 2 to 19.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from harness.stats.agreement import block_p, concordance

QUERIES, EXPERTS = 60, 4
CASES = (  # sizes of the queries, share of the level, share in common
    *(("10", share, 0.0) for share in (0.0, 0.3, 0.6, 0.9)),
    ("2 to 19", 0.6, 0.0),
    *(("10", 0.6, shared) for shared in (0.01, 0.03, 0.1)),
)


def scored(sizes: str, level: float, shared: float, generator: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Return scores [pairs, experts] of variance 1, and the query of each pair."""
    counts = np.full(QUERIES, 10) if sizes == "10" else 2 + np.arange(QUERIES) % 18
    queries = np.repeat(np.arange(QUERIES), counts)
    pairs = len(queries)
    levels = generator.normal(size=(QUERIES, EXPERTS))[queries]
    common, own = generator.normal(size=(pairs, 1)), generator.normal(size=(pairs, EXPERTS))
    scores = np.sqrt(level) * levels + np.sqrt(shared) * common + np.sqrt(1 - level - shared) * own
    return scores, queries.tolist()


def rates(runs: int, permutations: int) -> Iterator[tuple[str, float, float, float, float]]:
    """Yield each case with the share of runs in which p ≤ .05: pairs as independent, and whole queries permuted."""
    for number, (sizes, level, shared) in enumerate(CASES):
        generator = np.random.Generator(np.random.PCG64(number))
        found = np.zeros(2)
        for _ in range(runs):
            scores, queries = scored(sizes, level, shared, generator)
            result, by_query = concordance(scores), block_p(scores, queries, permutations)
            assert result is not None
            assert by_query is not None
            found += result[1] <= 0.05, by_query <= 0.05
        yield sizes, level, shared, *(found / runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--permutations", type=int, default=199)
    options = parser.parse_args()
    print("| pairs per query | level per query | shared | pairs as independent | whole queries permuted |")
    print("|---|--:|--:|--:|--:|")
    for sizes, level, shared, independent, by_query in rates(options.runs, options.permutations):
        print(f"| {sizes} | {level:.0%} | {shared:.0%} | {independent:.1%} | {by_query:.1%} |", flush=True)


if __name__ == "__main__":
    main()
