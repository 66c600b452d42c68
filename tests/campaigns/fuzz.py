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
LIMIT = 3600.0  # seconds within which a reader has read them all


def trials(place: Path, count: int) -> Iterator[Trial]:
    """Yield a trial per reader; each has a process of its own."""
    for name in fuzzed_readers.TARGETS:
        yield Trial(f"fuzzed: {name}", f"{count} inputs", partial(read, name, count), count)


def read(name: str, count: int, folder: Path) -> str:
    """Return what came out of a reader besides values and lines, "" if nothing."""
    command = [sys.executable, "-W", "ignore", str(fuzzed_readers.__file__), name, str(count), str(folder)]
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines or lines[-1] != f"{count} inputs":
        return f"the process ended with {done.returncode}: {done.stderr[-500:]}"
    return "; ".join(lines[:-1])
