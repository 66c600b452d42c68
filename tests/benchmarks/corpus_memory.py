"""Memory and time of `harness run` by corpus size: memory should not grow with the corpus.

    python tests/benchmarks/corpus_memory.py --data-dir DIR [--others 1000,100000,500000] [--language ko]

DIR has MIRACL's topics and judgments. For each size, a corpus is generated in MIRACL's file format (miracl_corpus.py),
read through ir_datasets, encoded by the small base encoder of `mini`, searched and scored, and searched with BM25: all
by the command line in separate processes. The peak is the resident memory of the largest process; the smallest corpus
shows the share of libraries and model.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import miracl_corpus

from harness.machine.store import Store
from harness.request import suite
from harness.request.cell import Place
from harness.stages import base_model

MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--others", default="1000,100000,500000", help="passages besides the judged ones")
    parser.add_argument("--language", default="ko")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        mini = suite.load("mini")
        lengths = mini.text.model_copy(update={"passage_max_length": suite.load("miracl").text.passage_max_length})
        mini = mini.model_copy(update={"text": lengths})  # as many positions as the suite needs
        model = base_model.base_model(mini, Place(root / "base"), Store(root / "base"))
        columns = ("base MiB", "bm25 MiB", "reading MiB", "base s", "bm25 s", "all s")
        print(f"{'passages':>10}", *(f"{column:>12}" for column in columns))
        for others in map(int, options.others.split(",")):
            print(measured(options, others, model, root / str(others)), flush=True)


def measured(options: argparse.Namespace, others: int, model: Path, folder: Path) -> str:
    """Return one row of the table."""
    home, out = folder / "home", folder / "out"
    passages = miracl_corpus.write(options.language, options.data_dir, home, others)
    started = time.perf_counter()
    parent = _run(options.language, model, (home, out, folder / "cache"))
    seconds = time.perf_counter() - started
    costs = {}
    for entry in ("base", "bm25"):
        record = json.loads((out / "records" / entry / options.language / "0.json").read_text(encoding="utf-8"))
        costs[entry] = (record["peak_memory_bytes"] / MIB, record["seconds"])
    peaks = [costs["base"][0], costs["bm25"][0], parent]
    times = [costs["base"][1], costs["bm25"][1], seconds]
    return " ".join([f"{passages:>10,}", *(f"{value:>12,.0f}" for value in (*peaks, *times))])


def _run(language: str, model: Path, places: tuple[Path, Path, Path]) -> float:
    """Run both entries and return the peak MiB of the process that reads and sorts the corpus."""
    home, out, cache = places
    arguments = ["run", "--suite", "miracl", "--langs", language, "--methods", "base,bm25", "--seeds", "0"]
    arguments += ["--base-model", str(model), "--unverified-data", "--set", "evaluate.precision=float32"]
    arguments += ["--jobs", "1", "--device", "cpu", "--cache-dir", str(cache), "--out", str(out)]
    code = (
        "import resource, sys; from harness.cli.main import main; status = main(sys.argv[1:]); "
        "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(status)"
    )
    environment = {**os.environ, "IR_DATASETS_HOME": str(home)}
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if process.returncode:
        raise SystemExit(process.stderr)
    peak = next(line for line in reversed(process.stderr.splitlines()) if line.startswith("peak "))
    unit = 1 if sys.platform == "darwin" else 1024
    return int(peak.split()[1]) * unit / MIB


if __name__ == "__main__":
    main()
