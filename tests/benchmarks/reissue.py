"""The cost of giving a finished run again: `harness run`, interleaved with `harness report`, which writes the report.

python tests/benchmarks/reissue.py FOLDER [--cache-dir DIR]

FOLDER is an output folder whose request is finished on this machine. CPU seconds are those of the process.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from harness.results.run_file import read_run_file

RUNS = 5
LIMIT = 3.0  # CPU seconds: on an idle core, wall seconds


def seconds(arguments: list[str]) -> tuple[float, float]:
    """Return the CPU and wall seconds of one command."""
    before, started = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "harness", *arguments], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, time.perf_counter() - started


def main() -> None:
    """Print the medians; exit status 1 where the finished run takes LIMIT or longer."""
    folder, options = sys.argv[1], sys.argv[2:]
    request = read_run_file(Path(folder)).request
    assert request is not None, "its run.json has no request"
    again = ["run", *arguments_of(request.command("--out", folder)), *options]
    measured: dict[str, list[tuple[float, float]]] = {"run again": [], "report": []}
    seconds(again)  # the first may write the report of this version
    for _ in range(RUNS):
        measured["run again"].append(seconds(again))
        measured["report"].append(seconds(["report", folder, *options]))
    medians = {name: list(map(statistics.median, zip(*runs, strict=True))) for name, runs in measured.items()}
    for name, (cpu, wall) in medians.items():
        print(f"{name:<10} CPU {cpu:.2f} s   wall {wall:.2f} s   {cpu / medians['report'][0]:.2f} × report")
    sys.exit(1 if medians["run again"][0] >= LIMIT else 0)


def arguments_of(command: str) -> list[str]:
    """Return the arguments of a shell line `harness run …`."""
    return shlex.split(command)[2:]


if __name__ == "__main__":
    main()
