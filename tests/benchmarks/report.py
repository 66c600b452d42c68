"""Time and memory of `harness report` on many records with made-up scores and a committed record's provenance.

    python tests/benchmarks/report.py [--entries 20] [--languages 5] [--seeds 100] [--queries 40] [--folder DIR]

Two new processes write the report one after the other: into a folder without one, and over the first. With `--folder`
the records are kept there, and made only if the folder has none.
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
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.fake_records import draw, put

from harness.keys import derive
from harness.machine.bundled import results
from harness.results import record
from harness.stats.sphere import QUANTITIES

LIMIT_SECONDS, LIMIT_MIB = 15.0, 1000.0  # for 10,000 records; CPU seconds of all cores
MIB = 2**20
LANGUAGES = ("ko", "hi", "fa", "sw", "yo", "te", "th", "bn", "fi", "id")
PATTERN = results() / "wikiqa"
WHEN = ("before", "after")


class Report(NamedTuple):
    """The cost of one `harness report`: wall seconds, CPU seconds and memory."""

    wall: float
    cpu: float
    mib: float


def write(folder: Path, options: argparse.Namespace) -> None:
    """Write the records of a complete run; every cell has different scores, weights, losses and geometry."""
    pattern = record.read(record.path_of(PATTERN, "clpl", "ko", 0))
    common = pattern.provenance
    entries = ["base", *(f"entry-{i}" for i in range(1, options.entries))]
    languages, seeds = LANGUAGES[: options.languages], range(options.seeds)
    run = json.loads((PATTERN / "run.json").read_bytes())
    run["resolved"] |= {"entries": entries, "languages": languages, "seeds": list(seeds)}
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    for entry in entries:
        for language in languages:
            for seed in seeds:
                number = derive(seed, entry, language)
                generator = np.random.Generator(np.random.PCG64(number))
                provenance = {
                    **common,
                    "entry": {**common["entry"], "name": entry, "title": f"Title of {entry}"},
                    "data": {**common["data"], "digests": {"corpus": f"{derive(0, language):064x}"}},
                    "model": {"sha256": f"{number:064x}", "weights": {"model.safetensors": f"{number:064x}"}},
                    "training": {**common["training"], "losses": generator.random(36).tolist()},
                }
                geometry = {when: dict(zip(QUANTITIES, generator.random(3).tolist(), strict=True)) for when in WHEN}
                costs = {"seconds": 6.5, "peak_memory_bytes": 650 * MIB, "stages": pattern.stages, "geometry": geometry}
                fields = {"suite": "made-up", "provenance": provenance, **costs}
                put(folder, (entry, language, seed), draw(entry, language, seed, options.queries), **fields)


def report(folder: Path) -> Report:
    """Run `harness report` in a new process and return its cost."""
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "harness", "report", str(folder)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"harness report exited with status {child.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Report(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / MIB)


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of every file of the report, summed per folder of pages."""
    sizes_by_name: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in ("records", "run.json"):
            name = f"{parts[0]}/" if len(parts) > 1 else parts[0]
            sizes_by_name[name] = sizes_by_name.get(name, 0) + path.stat().st_size
    return sizes_by_name


def main() -> None:
    """Print seconds, memory and sizes; exit status 1 if at most 10,000 records exceed the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("entries", 20), ("languages", 5), ("seeds", 100), ("queries", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "out"
        if not (folder / "records").is_dir():
            write(folder, options)
        count = sum(1 for _ in (folder / "records").rglob("*.json"))
        runs = {"first": report(folder), "second": report(folder)}
        print(f"{count:,} records")
        for name, run in runs.items():
            print(f"{name:<6} {run.wall:6.1f} s wall  {run.cpu:6.1f} s CPU  {run.mib:6.0f} MiB peak")
        for name, size in sizes(folder).items():
            print(f"{size:>12,}  {name}")
    sys.exit(count <= 10_000 and any(run.cpu > LIMIT_SECONDS or run.mib > LIMIT_MIB for run in runs.values()))


if __name__ == "__main__":
    main()
