"""Marks on outputs of the store that a process reads, so that no other process removes them.

A mark is a shared lock on `.locks/KEY.used`, which the system releases when the process ends, however it ends. Writers
of an output are kept apart by another lock, `.locks/KEY`: making an output never waits for its readers.

On a file system without `flock`, a mark is a file `.locks/KEY.used-TOKEN` that names its process, and `.locks/KEY.used`
is held while such a file is made and while an output is removed. A mark of this host whose process is gone counts for
nothing; one of another host counts until it is deleted.

A user who cannot write in `.locks` reads without a mark: a cache that is only read is protected by its owner.
"""

from __future__ import annotations

import errno
import fcntl
import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from filelock import Timeout

from harness.errors import DataError
from harness.machine import plain_files
from harness.machine.atomic import write_atomically
from harness.machine.json_toml import parse_json
from harness.machine.locks import has_flock, is_gone, lock_of, this_process
from harness.machine.unwritable import DENIED

_REFUSED = (*DENIED, errno.EROFS)


class Marks:
    """The marks that this process holds on the outputs of one store."""

    def __init__(self, locks: Path) -> None:
        self._locks = locks
        self._held: dict[str, ExitStack] = {}

    def add(self, key: str) -> None:
        """Mark an output, made or not; waits while another process removes it. Raises OSError."""
        if key in self._held:
            return
        with ExitStack() as stack:
            if has_flock(self._locks):
                file = _open(self._locks, key)
                if file is not None:
                    fcntl.flock(stack.enter_context(file), fcntl.LOCK_SH)
            else:
                _add_file(self._locks, key, stack)
            self._held[key] = stack.pop_all()

    def release(self) -> None:
        """Remove all marks."""
        for mark in self._held.values():
            mark.close()
        self._held.clear()


@contextmanager
def unused(locks: Path, key: str) -> Iterator[bool]:
    """Yield whether no process makes or uses an output; while the block runs, none begins to. Raises OSError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_of(locks, key, timeout=0))
            if has_flock(locks):
                file = stack.enter_context(_name(locks, key).open("a+b"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free = True
            else:
                stack.enter_context(lock_of(locks, _name(locks, key).name, timeout=0))
                free = not _mark_files(locks, key)
        except (Timeout, BlockingIOError):
            free = False
        yield free


def is_used(locks: Path, key: str) -> bool:
    """Return whether a process makes or uses an output now, or may do so; makes no file but locks.PROBE."""
    if not has_flock(locks):
        return (locks / key).exists() or bool(_mark_files(locks, key))
    for path in (locks / key, _name(locks, key)):
        try:
            with closing(_existing(path)) as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            continue
        except OSError:  # held; or NFS, which locks no file that cannot be written
            return True
    return False


def _name(locks: Path, key: str) -> Path:
    return locks / f"{key}.used"


def _open(locks: Path, key: str) -> IO[bytes] | None:
    """Return the file of the marks on an output, None where this user may not make it; NFS needs it to be readable."""
    path = _name(locks, key)
    try:
        return path.open("a+b")
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
    try:
        return path.open("rb")  # another user's: a shared lock needs no more
    except OSError:
        return None


def _existing(path: Path) -> IO[bytes]:
    try:
        return path.open("r+b")
    except PermissionError:
        return path.open("rb")


def _add_file(locks: Path, key: str, stack: ExitStack) -> None:
    mark = locks / f"{_name(locks, key).name}-{secrets.token_hex(8)}"
    try:
        with lock_of(locks, _name(locks, key).name):
            write_atomically(mark, json.dumps(this_process()).encode())
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
    else:
        stack.callback(mark.unlink, missing_ok=True)


def _mark_files(locks: Path, key: str) -> list[Path]:
    """Return the marks on an output whose processes may still run; those of this host that are gone are deleted."""
    marks = []
    for mark in sorted(locks.glob(f"{_name(locks, key).name}-*")):
        try:
            gone = is_gone(parse_json(plain_files.read(locks, mark.name, "DOCUMENT_BYTES")))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, AttributeError, DataError):
            gone = False
        if gone:
            with suppress(OSError):
                mark.unlink()
        else:
            marks.append(mark)
    return marks
