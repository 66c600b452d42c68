"""The response time of the command line: the median of seven runs, compared with an empty interpreter.

python tests/benchmarks/command_line.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7
LIMIT = 0.5  # seconds
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "harness --help": ["-m", "harness", "--help"],
    "harness list methods": ["-m", "harness", "list", "methods"],
    "harness list suites": ["-m", "harness", "list", "suites"],
}


def seconds(arguments: list[str]) -> list[float]:
    """Return the wall seconds of RUNS runs, after one warm-up run."""
    walls = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        walls.append(time.perf_counter() - started)
    return walls[1:]


def main() -> None:
    """Print the medians; exit status 1 if a harness command takes LIMIT or longer."""
    slow = False
    for name, arguments in COMMANDS.items():
        walls = seconds(arguments)
        median = statistics.median(walls)
        print(f"{name:<22} median {median:.3f} s   fastest {min(walls):.3f} s   slowest {max(walls):.3f} s")
        slow |= median >= LIMIT
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
