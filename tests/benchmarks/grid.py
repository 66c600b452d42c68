"""`harness run` against the plain script on the same cells: wall seconds of both, and agreement of the scores.

    python tests/benchmarks/grid.py --data-dir DATA                 a few cells
    python tests/benchmarks/grid.py --data-dir DATA --full          14 entries, 3 languages, 3 seeds

The plain script runs one process per cell, by default one at a time (`--plain-jobs`), on a base model that is built
before and not timed. `harness run` starts with an empty cache, builds the base model and writes the leaderboard.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.execution import plan
from harness.execution.runner import default_jobs
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import Request
from harness.results import record
from harness.stages.base_model import base_model

PLAIN = Path(__file__).with_name("plain_script.py")
Scores = dict[tuple[str, str, int], dict[str, float]]


def main() -> None:
    """Time both and print the comparison."""
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="grid-") as scratch:
        root = Path(scratch)
        cells, base = prepared(options, root)
        print(f"{len(cells)} cells of {options.suite}, at most {options.max_train} training queries per language")
        plain, plain_seconds = run_plain(cells, base, options)
        print(
            f"plain script   {plain_seconds:8.1f} s, one process per cell, {options.plain_jobs} at a time", flush=True
        )
        scores, harness_seconds = run_harness(options, root)
        print(f"harness run    {harness_seconds:8.1f} s, empty cache, {options.jobs} jobs")
    print(f"ratio          {harness_seconds / plain_seconds:8.2f}   (the target is at most 0.50)")
    differences = {cell: abs(scores[cell]["nDCG@10"] - plain[cell]["nDCG@10"]) for cell in plain}
    largest = max(differences, key=lambda cell: differences[cell])
    equal = sum(difference <= 1e-5 for difference in differences.values())
    print(f"nDCG@10 equal to mteb's rounding in {equal} of {len(cells)} cells; largest difference", end=" ")
    print(f"{differences[largest]:.5f} ({'/'.join(map(str, largest))})")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="wikiqa")
    parser.add_argument("--methods", default="base,mnrl,infonce-ance,clpl-moe,soft-1")
    parser.add_argument("--langs", default="ko")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--max-train", type=int, default=600)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--jobs", type=int, default=default_jobs("cpu"), help="of harness run")
    parser.add_argument("--plain-jobs", type=int, default=1, help="plain scripts in parallel")
    parser.add_argument("--threads", type=int, help="torch threads of a plain script, by default torch's choice")
    parser.add_argument("--full", action="store_true", help="all entries, languages and seeds of the project's reports")
    options = parser.parse_args()
    if options.full:
        options.methods, options.langs, options.seeds = "all", "ko,hi,fa", "0,1,2"
    return options


def prepared(options: argparse.Namespace, root: Path) -> tuple[list[Cell], Path]:
    """Return the cells of the request and the folder of the base model, built outside both timings."""
    request = Request(
        suite=options.suite,
        methods=tuple(options.methods.split(",")),
        languages=tuple(options.langs.split(",")),
        seeds=tuple(int(seed) for seed in options.seeds.split(",")),
        max_train=options.max_train,
        data_dir=options.data_dir.absolute() if options.data_dir else None,
    )
    planned = plan.make(request, root / "base-cache")
    return planned.cells, base_model(planned.suite, planned.place, Store(planned.place.cache))


def run_plain(cells: list[Cell], base: Path, options: argparse.Namespace) -> tuple[Scores, float]:
    """Run the plain script once per cell; return the scores and the wall seconds of all."""

    def run(cell: Cell) -> dict[str, Any]:
        command = [sys.executable, str(PLAIN), "--suite", options.suite, "--entry", cell.entry.name]
        command += ["--language", cell.language, "--seed", str(cell.seed), "--base-model", str(base)]
        command += ["--max-train", str(options.max_train)]
        command += ["--data-dir", str(options.data_dir)] if options.data_dir else []
        command += ["--threads", str(options.threads)] if options.threads else []
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode:
            raise SystemExit(f"plain script failed on {cell}:\n{process.stderr}")
        result: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
        print(f"  {cell!s:<28} {result['seconds']:6.1f} s  nDCG@10 {result['measures']['nDCG@10']:.4f}", flush=True)
        return result

    started = time.perf_counter()
    with ThreadPoolExecutor(options.plain_jobs) as pool:
        results = list(pool.map(run, cells))
    seconds = time.perf_counter() - started
    names = [(cell.entry.name, cell.language, cell.seed) for cell in cells]
    return {name: result["measures"] for name, result in zip(names, results, strict=True)}, seconds


def run_harness(options: argparse.Namespace, root: Path) -> tuple[Scores, float]:
    """Run `harness run` on the same cells with an empty cache; return its scores and wall seconds."""
    command = [sys.executable, "-m", "harness", "run", "--suite", options.suite, "--methods", options.methods]
    command += ["--langs", options.langs, "--seeds", options.seeds, "--max-train", str(options.max_train)]
    command += ["--jobs", str(options.jobs), "--device", "cpu", "--out", str(root / "out")]
    command += ["--data-dir", str(options.data_dir)] if options.data_dir else []
    environment = {**os.environ, "HARNESS_CACHE": str(root / "cache")}
    started = time.perf_counter()
    process = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"harness run exited with status {process.returncode}:\n{process.stderr}")
    records = record.read_all(root / "out")
    return {(result.entry, result.language, result.seed): dict(result.measures) for result in records}, seconds


if __name__ == "__main__":
    main()
