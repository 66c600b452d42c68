"""The sha256 of files and folders, where a large file is read once per run.

A large file is known by its signature: device, inode, size, and the times of its last change in nanoseconds (mtime, and
ctime, which no program can set back). A file with another signature is read again. What has been read is known to one
process and, through the notes of a run, to the processes of that run; no later run reads it.

A change leaves the signature as it is only where it falls into the tick of the clock of the file system in which the
file was written. So what is read within TICK of the last change is not known afterwards.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness import keys
from harness.machine import plain_files

LARGE = 1 << 20  # bytes: a smaller file is read in about a millisecond, and always
TICK = 50_000_000  # nanoseconds: file systems of Linux count in 1 to 10 ms
Signature = tuple[int, int, int, int, int]

_known: dict[Signature, str] = {}
_notes: Path | None = None  # lines [signature, sha256], of every process of the run
_read = 0  # bytes of the notes that this process has read


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file; a large one that this run has read is not read again unless it has changed."""
    before = _signature(path)
    if before[2] < LARGE:
        return keys.file_sha256(path)
    if (known := _look_up(before)) is not None:
        return known
    sha256 = keys.file_sha256(path)
    if _signature(path) == before and time.time_ns() - max(before[3:]) > TICK:
        _remember(before, sha256)
    return sha256


def folder_sha256(folder: Path) -> str:
    """Return what `harness.keys.folder_sha256` returns."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return keys.digest({name: file_sha256(path) for name, path in files.items() if "/." not in f"/{name}"})


def hashes_below(folder: Path, leaving_out: str) -> dict[str, str]:
    """Return name → sha256 of every file below a folder, except those that have the name `leaving_out`.

    Raises NotPlainError where something is neither a plain file nor a folder: no link is followed.
    """
    for name, what in plain_files.odd_files(folder).items():
        raise plain_files.NotPlainError(folder / name, what)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != leaving_out)
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


@contextmanager
def shared_notes() -> Iterator[Path]:
    """Yield the notes of a run, with what this process knows; the processes of the run `share` them.

    They are in a folder of the user alone, and are removed at the end.
    """
    global _notes
    with tempfile.TemporaryDirectory(prefix="harness-hashes-", ignore_cleanup_errors=True) as folder:
        notes = Path(folder) / "notes.jsonl"
        notes.write_text("".join(_line(signature, sha256) for signature, sha256 in _known.items()), encoding="utf-8")
        outer = _notes
        share(notes)
        try:
            yield notes
        finally:
            _notes = outer


def share(notes: Path) -> None:
    """Read and write the notes of a run from now on."""
    global _notes, _read
    _notes, _read = notes, 0


def _signature(path: Path) -> Signature:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _line(signature: Signature, sha256: str) -> str:
    return json.dumps([signature, sha256]) + "\n"


def _look_up(signature: Signature) -> str | None:
    if signature not in _known and _notes is not None:
        _read_notes(_notes)
    return _known.get(signature)


def _read_notes(notes: Path) -> None:
    """Add what other processes have noted since the last look; a line that is being written is left for the next."""
    global _read
    with suppress(OSError), notes.open("rb") as file:
        file.seek(_read)
        lines = file.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith(b"\n"):
                signature, sha256 = json.loads(line)
                _known[tuple(signature)] = sha256
                _read += len(line)


def _remember(signature: Signature, sha256: str) -> None:
    _known[signature] = sha256
    if _notes is None:
        return
    with suppress(OSError):  # the run ends, or the disk is full: another process reads the file for itself
        descriptor = os.open(_notes, os.O_WRONLY | os.O_APPEND)  # one write of one line: lines are never mixed
        try:
            os.write(descriptor, _line(signature, sha256).encode())
        finally:
            os.close(descriptor)
