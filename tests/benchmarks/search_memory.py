"""Memory and time of exact search: harness.vectors.search in blocks against the complete queries × corpus product.

    python tests/benchmarks/search_memory.py --corpus 10000,100000 --queries 1000 --dim 384 --depth 100

Each case runs in a separate process; the result is the rise of its peak resident memory after the vectors are loaded.
The vectors are random unit vectors with a fixed seed; both searches must find the same passages.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests/support

Matrix = NDArray[np.float32]


def main() -> None:
    """Run every case in a child process, or run as that child."""
    options = parsed()
    if options.child:
        print(json.dumps(measured(options.child, int(options.corpus), options)))
        return
    print(f"{options.queries} queries, {options.dim} dimensions, {options.depth} deep")
    for corpus in options.corpus.split(","):
        results = {}
        for kind in ("blocks", "product"):
            command = [sys.executable, __file__, "--child", kind, "--corpus", corpus]
            command += ["--queries", str(options.queries), "--dim", str(options.dim), "--depth", str(options.depth)]
            process = subprocess.run(command, check=True, capture_output=True, text=True)
            results[kind] = json.loads(process.stdout)
            megabytes = results[kind]["bytes"] / 2**20
            print(f"{int(corpus):>9,} passages  {kind:<8} {megabytes:8.1f} MiB  {results[kind]['seconds']:6.2f} s")
        if results["blocks"]["sha256"] != results["product"]["sha256"]:
            raise SystemExit(f"{corpus} passages: the two searches found different passages")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="10000,100000", help="numbers of passages")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--child", choices=["blocks", "product"], help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(kind: str, corpus: int, options: argparse.Namespace) -> dict[str, float | str]:
    """Return the rise of the peak memory in bytes, the seconds, and a hash of the retrieved passages."""
    generator = np.random.Generator(np.random.PCG64(0))
    queries, passages = (unit(generator, rows, options.dim) for rows in (options.queries, corpus))
    search = in_blocks if kind == "blocks" else in_one_product
    search(queries[:2], passages[:200], 10)  # warm-up: imports, buffers of the BLAS library
    before = peak()
    started = time.perf_counter()
    ranking = search(queries, passages, options.depth)
    seconds = time.perf_counter() - started
    names = json.dumps([sorted(rows) for rows in ranking]).encode()
    return {"bytes": peak() - before, "seconds": seconds, "sha256": hashlib.sha256(names).hexdigest()}


def unit(generator: np.random.Generator, rows: int, dim: int) -> Matrix:
    """Return random unit vectors, made without a second copy, so that the peak is that of the search."""
    matrix = generator.standard_normal((rows, dim), dtype=np.float32)
    for row in matrix:
        row /= np.linalg.norm(row)
    return matrix


def peak() -> int:
    """Return the peak resident bytes of this process."""
    maximum = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return maximum if sys.platform == "darwin" else maximum * 1024


def in_blocks(queries: Matrix, passages: Matrix, depth: int) -> list[list[int]]:
    """Return the rows by search in blocks."""
    from support.exact_search import search

    from harness.vectors.embedding import Vectors

    query_vectors = Vectors([f"{row:09}" for row in range(len(queries))], queries)
    corpus = Vectors([f"{row:09}" for row in range(len(passages))], passages)
    ranking, _ = search(query_vectors, corpus, depth)
    return [[int(doc) for doc, _ in ranking[name]] for name in query_vectors.ids]


def in_one_product(queries: Matrix, passages: Matrix, depth: int) -> list[list[int]]:
    """Return the rows by one product and one partition, the common way."""
    similarities = queries @ passages.T  # [Q, N]
    best = np.argpartition(-similarities, depth - 1, axis=1)[:, :depth]
    return [[int(row) for row in rows] for rows in best]


if __name__ == "__main__":
    main()
