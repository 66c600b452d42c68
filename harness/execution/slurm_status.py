"""The file in which a job says how far its cell is, and how it ended: JSON beside the job's log, written whole."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.errors import DataError
from harness.machine.atomic import write_atomically
from harness.machine.json_toml import parse_json

SECONDS = 2.0  # between two writes within a stage


@dataclass(frozen=True)
class Status:
    """A running cell: its stage; an ended one: its outcome, or why its machine did not begin (`refused`)."""

    stage: str = ""
    done: int = 0
    total: int = 0
    ended: bool = False
    seconds: float = 0.0
    reason: str = ""
    log: str = ""
    cached: bool = False
    refused: str = ""


def write(path: Path, status: Status) -> None:
    """Write a status in place of the one before."""
    write_atomically(path, json.dumps(asdict(status)).encode())


def read(path: Path) -> Status | None:
    """Return the status; None where the job has not begun, or a file system shows the file late."""
    try:
        return Status(**parse_json(path.read_bytes()))
    except (OSError, DataError, ValueError, TypeError):
        return None


@dataclass
class Reporter:
    """Writes each stage of a cell when it begins, and how far it is every few seconds."""

    path: Path
    _stage: str = ""
    _written: float = field(default_factory=time.monotonic)

    def __call__(self, cell: str, stage: str, done: int, total: int) -> None:
        """Take the progress of a cell as an executor reports it."""
        now = time.monotonic()
        if stage != self._stage or now - self._written >= SECONDS:
            self._stage, self._written = stage, now
            write(self.path, Status(stage, done, total))
