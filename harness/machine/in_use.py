"""Marks on outputs of the store that a process reads, so that no other process removes them.

A mark is a shared lock on `.locks/KEY.used`, which the system releases when the process ends, however it ends. Writers
of an output are kept apart by another lock, `.locks/KEY`: making an output never waits for its readers.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout


class Marks:
    """The marks that this process holds on the outputs of one store."""

    def __init__(self, locks: Path) -> None:
        self._locks = locks
        self._held: dict[str, IO[bytes]] = {}

    def add(self, key: str) -> None:
        """Mark an output, made or not; waits while another process removes it."""
        if key not in self._held:
            file = _open(self._locks, key)
            fcntl.flock(file, fcntl.LOCK_SH)
            self._held[key] = file

    def release(self) -> None:
        """Remove all marks."""
        for file in self._held.values():
            file.close()
        self._held.clear()


@contextmanager
def unused(locks: Path, key: str) -> Iterator[bool]:
    """Yield whether no process makes or uses an output; while the block runs, none begins to."""
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(locks / key, timeout=0))
            file = stack.enter_context(_open(locks, key))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (Timeout, BlockingIOError):
            free = False
        else:
            free = True
        yield free


def is_used(locks: Path, key: str) -> bool:
    """Return whether a process makes or uses an output now; creates no file."""
    for name in (key, _name(key)):
        try:
            with (locks / name).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            continue
        except BlockingIOError:
            return True
    return False


def _open(locks: Path, key: str) -> IO[bytes]:
    return (locks / _name(key)).open("ab")


def _name(key: str) -> str:
    return f"{key}.used"
