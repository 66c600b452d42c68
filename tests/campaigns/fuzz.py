"""Fuzzed files of every reader: a value comes out, or an error of the harness in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from campaigns.trials import REPOSITORY, Trial
from support import fuzzed_readers

COUNT = 10_000  # inputs per reader
PIECE = 2_500  # of one process
LIMIT = 3600.0  # seconds within which a reader has read them all


def trials(place: Path) -> Iterator[Trial]:
    """Yield pieces of the inputs of each reader; each has a process of its own."""
    for name in fuzzed_readers.TARGETS:
        for first in range(0, COUNT, PIECE):
            yield Trial(f"fuzzed: {name}", f"{first + 1} to {first + PIECE}", partial(read, name, first), PIECE)


def read(name: str, first: int, folder: Path) -> str:
    """Return what came out of a reader besides values and lines for PIECE inputs, "" if nothing."""
    command = [sys.executable, "-W", "ignore", str(fuzzed_readers.__file__), name, str(PIECE), str(folder), str(first)]
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines or lines[-1] != f"{PIECE} inputs":
        return f"the process ended with {done.returncode}: {done.stderr[-500:]}"
    return "; ".join(lines[:-1])
