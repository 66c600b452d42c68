"""Time and memory of exact search on one thread: harness.vectors.search beside the flat index of faiss.

    python tests/benchmarks/search_speed.py --corpus 500000 --queries 632 --dim 384 --depth 100

Each search of a round runs in a separate process, one after the other, over the same random unit vectors with a fixed
seed; `--rounds` repeats both in turn. Time is that of the search alone (the index of faiss is filled before), memory
the rise of the peak resident memory during it. Both must find the same passages, except where scores are within 1e-6.

faiss is no dependency: `pip install faiss-cpu`, here or where `--peer-python` points; without it its row is left out.
`--device cpu|cuda` adds the search over torch tensors on that device.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

Matrix = NDArray[np.float32]
Found = tuple[NDArray[np.int64], Matrix]  # rows and scores [Q, depth], best first
BLOCK = 16_384  # passages: harness.vectors.embedding.BLOCK
TOLERANCE = 1e-6
WANTED = 1.2
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> None:
    """Run every search in a child process, or run as that child."""
    options = parsed()
    if options.child:
        print(json.dumps(measured(options)))
        return
    print(f"{options.queries} queries, {options.corpus:,} passages, {options.dim} dimensions, {options.depth} deep")
    kinds = ["harness", *(["tensors"] if options.device else []), *(["faiss"] if has_faiss(options) else [])]
    with tempfile.TemporaryDirectory() as folder:
        results: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
        for _ in range(options.rounds):
            for kind in kinds:
                results[kind].append(child(kind, Path(folder), options))
        show(results)
        for kind in kinds[1:]:
            compare(Path(folder) / "harness.npz", Path(folder) / f"{kind}.npz", kind)


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=int, default=500_000)
    parser.add_argument("--queries", type=int, default=632)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has faiss")
    parser.add_argument("--device", help="search torch tensors on this device too")
    parser.add_argument("--child", choices=["harness", "tensors", "faiss"], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def has_faiss(options: argparse.Namespace) -> bool:
    """Say whether the peer's Python has faiss, and where it has none how to get it."""
    command = [options.peer_python, "-c", "import faiss; print(faiss.__version__)"]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode:
        print("faiss: not installed, its row is left out; pip install faiss-cpu, or --peer-python PYTHON")
        return False
    print(f"faiss {process.stdout.strip()}: IndexFlatIP")
    return True


def child(kind: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what one search measured; its passages are in `folder`."""
    command = [options.peer_python if kind == "faiss" else sys.executable, __file__, "--child", kind]
    for name in ("corpus", "queries", "dim", "depth"):
        command += [f"--{name}", str(getattr(options, name))]
    command += ["--out", str(folder / f"{kind}.npz"), *(["--device", options.device] if options.device else [])]
    process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD)
    result: dict[str, Any] = json.loads(process.stdout)
    return result


def measured(options: argparse.Namespace) -> dict[str, float]:
    """Return CPU seconds, wall seconds and the rise of the peak memory in bytes, and write what was found."""
    generator = np.random.Generator(np.random.PCG64(0))
    queries, passages = (unit(generator, rows, options.dim) for rows in (options.queries, options.corpus))
    opened = {"harness": of_arrays, "tensors": of_tensors, "faiss": of_faiss}[options.child]
    opened(queries[:2], passages[:200], options)()  # imports, buffers of the BLAS library
    search = opened(queries, passages, options)
    before = peak()
    cpu, wall = time.process_time(), time.perf_counter()
    rows, scores = search()
    result = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "bytes": float(peak() - before)}
    np.savez(options.out, rows=rows, scores=scores)
    return result


def unit(generator: np.random.Generator, rows: int, dim: int) -> Matrix:
    """Return random unit vectors, made without a second copy, so that the peak is that of the search."""
    matrix = generator.standard_normal((rows, dim), dtype=np.float32)
    for start in range(0, rows, 1024):
        matrix[start : start + 1024] /= np.linalg.norm(matrix[start : start + 1024], axis=1, keepdims=True)
    return matrix


def peak() -> int:
    """Return the peak resident bytes of this process."""
    maximum = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return maximum if sys.platform == "darwin" else maximum * 1024


def of_arrays(queries: Matrix, passages: Matrix, options: argparse.Namespace) -> Callable[[], Found]:
    """Return the harness' search over arrays."""
    return in_blocks(queries, [passages[start : start + BLOCK] for start in range(0, len(passages), BLOCK)], options)


def of_tensors(queries: Matrix, passages: Matrix, options: argparse.Namespace) -> Callable[[], Found]:
    """Return the harness' search over tensors, which are on the device before it starts."""
    import torch

    tensor = torch.from_numpy(passages).to(options.device)
    return in_blocks(queries, list(tensor.split(BLOCK)), options)


def in_blocks(queries: Matrix, blocks: list[Any], options: argparse.Namespace) -> Callable[[], Found]:
    """Return the harness' search over these blocks."""
    from harness.vectors.search import TopK

    def search() -> Found:
        best = TopK(queries, options.depth)
        for number, block in enumerate(blocks):
            best.add(number * BLOCK, block)
        return best.state()

    return search


def of_faiss(queries: Matrix, passages: Matrix, options: argparse.Namespace) -> Callable[[], Found]:
    """Return the search of a flat index of faiss that holds the passages."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(options.dim)
    index.add(passages)

    def search() -> Found:
        scores, rows = index.search(queries, min(options.depth, len(passages)))
        return rows, scores

    return search


def show(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print the medians of every search, and the ratios to faiss, of each round and of the medians."""
    for kind, rounds in results.items():
        cpu, wall, memory = (median(row[name] for row in rounds) for name in ("cpu", "wall", "bytes"))
        print(f"{kind:<8} {cpu:7.2f} s CPU  {wall:7.2f} s wall  {memory / 2**20:8.1f} MiB")
    if "faiss" in results:
        for name in ("cpu", "wall"):
            pairs = zip(results["harness"], results["faiss"], strict=True)
            ratios = [ours[name] / peer[name] for ours, peer in pairs]
            rounds_ = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            print(f"harness / faiss, {name}: {median(ratios):.2f} ({rounds_}); wanted: at most {WANTED}")


def compare(ours: Path, theirs: Path, kind: str) -> None:
    """Exit where a search found another passage whose score is not within TOLERANCE of the one at that rank."""
    (rows, scores), (other_rows, other_scores) = (
        (arrays["rows"], arrays["scores"]) for arrays in (np.load(ours), np.load(theirs))
    )
    different = rows != other_rows
    apart = float(np.abs(scores - other_scores).max(initial=0))
    print(f"harness and {kind}: {int(different.sum())} of {rows.size} ranks differ; scores within {apart:.1e}")
    if rows.shape != other_rows.shape or apart > TOLERANCE or not near(rows, scores, different):
        raise SystemExit(f"harness and {kind} found different passages")


def near(rows: NDArray[np.int64], scores: Matrix, different: NDArray[np.bool_]) -> bool:
    """Say whether each rank that differs has a neighbour in score within TOLERANCE, or is at the cut-off."""
    gaps = np.abs(np.diff(scores, axis=1)) <= TOLERANCE
    above = np.pad(gaps, ((0, 0), (1, 0)))
    below = np.pad(gaps, ((0, 0), (0, 1)), constant_values=True)  # the last rank's neighbour is beyond the cut-off
    return bool((~different | above | below).all())


if __name__ == "__main__":
    main()
