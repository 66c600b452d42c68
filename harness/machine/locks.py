"""Exclusive locks on a cache that processes, users and machines share.

    .locks/NAME           the lock
    .locks/NAME.holder    who holds it, for those who wait

A lock is `flock` on its file, which the system releases when the holder ends, however it ends; on NFS, its lock daemon
does. Where a file system has no `flock`, the lock is a file that exists while it is held (filelock's SoftFileLock). One
whose holder was a process of this host that is gone is taken over. Whether a process of another host is gone cannot be
known here: who waits is told which file to delete.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from harness.errors import DataError
from harness.machine import plain_files
from harness.machine.atomic import write_atomically
from harness.machine.file_modes import user_name
from harness.machine.json_toml import parse_json
from harness.machine.notices import notice

PATIENCE = 60.0  # seconds: stages of small cells take less, so that who waits longer wants to know for whom
NO_FLOCK = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
PROBE = "flock"


@contextmanager
def held(locks: Path, name: str, making: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a lock while the block runs, to make what `making` says.

    After `patience` seconds of waiting, one line on standard error names the holder. Raises OSError where the lock
    cannot be taken.
    """
    lock = lock_of(locks, name)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        notice(_waiting(locks, name, making))
        lock.acquire()
    note = _note(locks, name)
    with suppress(OSError):  # a lock whose holder is not named is held as well
        write_atomically(note, json.dumps({**this_process(), "making": making}).encode())
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def lock_of(locks: Path, name: str, timeout: float = -1) -> BaseFileLock:
    """Return the lock of that name, not taken, of the kind that the file system of `locks` has."""
    kind: type[BaseFileLock] = FileLock if has_flock(locks) else SoftFileLock
    return kind(locks / name, timeout=timeout)


@cache
def has_flock(locks: Path) -> bool:
    """Return whether the file system of a folder has `flock`; True where nothing can be tried, as it is read-only."""
    try:
        descriptor = os.open(locks / PROBE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in NO_FLOCK
    finally:
        os.close(descriptor)
    return True


def this_process() -> dict[str, Any]:
    """Return what tells this process from others that share the cache."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"pid": os.getpid(), "host": host(), "user": user_name(os.geteuid()), "since": since}


@cache
def host() -> str:
    """Return the name of this host; in a container, with the namespace that its process numbers are of."""
    name = socket.gethostname()
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return name
    return name if namespace == "pid:[4026531836]" else f"{name} {namespace}"  # the number of the host's own


def is_gone(process: dict[str, Any]) -> bool:
    """Return whether a process (this_process) is known to have ended: one of this host that is not there."""
    pid = process.get("pid")
    if process.get("host") != host() or not isinstance(pid, int) or not 0 < pid < 1 << 31:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # of another user
        return False
    return False


def _note(locks: Path, name: str) -> Path:
    return locks / f"{name}.holder"


def _waiting(locks: Path, name: str, making: str) -> str:
    path = locks / name
    try:
        holder = parse_json(plain_files.read(locks, _note(locks, name).name, "DOCUMENT_BYTES"))
        who = f"process {holder['pid']} of {holder['user']} on {holder['host']}"
        held_by = f"{who} makes {holder['making']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError, DataError):
        held_by = "another process has not said who it is"
    ended = "" if has_flock(locks) else f"; if that process is gone and ran on another host, delete {path}"
    return f"waiting to make {making}: {held_by}{ended}"
