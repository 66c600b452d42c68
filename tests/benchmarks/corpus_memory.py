"""Memory and time of `harness run` by the size of the corpus: it should not grow with it.

    python tests/benchmarks/corpus_memory.py --data-dir DIR [--others 1000,100000,500000] [--language ko]

DIR holds MIRACL's topics and judgments. For each size a generated corpus in MIRACL's own file format is written
(miracl_corpus.py), read through ir_datasets, encoded by the small base encoder of `mini`, searched and scored, and
searched with BM25, by the command line and in processes of their own. The peak is the resident memory of the largest
process; the smallest corpus shows what libraries and model hold by themselves.
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
    parser.add_argument("--others", default="1000,100000,500000", help="passages beside the judged ones")
    parser.add_argument("--language", default="ko")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        mini = suite.load("mini")
        lengths = mini.text.model_copy(update={"passage_max_length": suite.load("miracl").text.passage_max_length})
        mini = mini.model_copy(update={"text": lengths})  # as many positions as the suite asks for
        model = base_model.base_model(mini, Place(root / "base"), Store(root / "base"))
        columns = ("base MiB", "bm25 MiB", "reading MiB", "base s", "bm25 s", "all s")
        print(f"{'passages':>10}", *(f"{column:>12}" for column in columns))
        for others in map(int, given.others.split(",")):
            print(measured(given, others, model, root / str(others)), flush=True)


def measured(given: argparse.Namespace, others: int, model: Path, folder: Path) -> str:
    """Return one line of the table."""
    home, out = folder / "home", folder / "out"
    passages = miracl_corpus.write(given.language, given.data_dir, home, others)
    started = time.perf_counter()
    parent = _run(given.language, model, (home, out, folder / "cache"))
    seconds = time.perf_counter() - started
    found = {}
    for entry in ("base", "bm25"):
        record = json.loads((out / "records" / entry / given.language / "0.json").read_text(encoding="utf-8"))
        found[entry] = (record["peak_memory_bytes"] / MIB, record["seconds"])
    peaks = [found["base"][0], found["bm25"][0], parent]
    times = [found["base"][1], found["bm25"][1], seconds]
    return " ".join([f"{passages:>10,}", *(f"{value:>12,.0f}" for value in (*peaks, *times))])


def _run(language: str, model: Path, places: tuple[Path, Path, Path]) -> float:
    """Run the two entries, and return the peak MiB of the process that reads and sorts the corpus."""
    home, out, cache = places
    arguments = ["run", "--suite", "miracl", "--langs", language, "--methods", "base,bm25", "--seeds", "0"]
    arguments += ["--base-model", str(model), "--unverified-data", "--set", "evaluate.precision=float32"]
    arguments += ["--jobs", "1", "--device", "cpu", "--cache-dir", str(cache), "--out", str(out)]
    code = (
        "import resource, sys; from harness.cli.main import main; status = main(sys.argv[1:]); "
        "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(status)"
    )
    environment = {**os.environ, "IR_DATASETS_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    peak = next(line for line in reversed(done.stderr.splitlines()) if line.startswith("peak "))
    unit = 1 if sys.platform == "darwin" else 1024
    return int(peak.split()[1]) * unit / MIB


if __name__ == "__main__":
    main()
