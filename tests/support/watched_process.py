"""A command in a forked process that is watched: how it ended, what it took, and what it did elsewhere.

Two witnesses: the kernel (inotify) names each file of watched folders that was opened, changed or removed, by whatever
library; Python's audit events name the processes that were started, addresses that were asked for, code that was run
from elsewhere, and files that were written outside of the folders that a command writes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import struct
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_MEMORY = 12 << 30  # bytes of addresses: a device is read without an end
CRASHED, HANGS = 99, -1
_ALL_EVENTS = 0xFFF
_STARTS = ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen")
_ASKS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request", "http.client.connect")
_CHANGES = tuple(
    f"os.{name}" for name in ["remove", "rename", "rmdir", "mkdir", "link", "symlink", "truncate", "chmod", "utime"]
)


@dataclass(frozen=True)
class Ended:
    """How a command ended; `elsewhere` is what it did outside of where it may."""

    status: int
    out: str
    err: str
    seconds: float  # of the processor
    memory: int  # bytes
    elsewhere: list[str] = field(default_factory=list)


class Watch:
    """Names what was touched below folders since it was asked last; what lies behind links is not watched."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._file >= 0, os.strerror(ctypes.get_errno())
        self._folders: dict[int, Path] = {}

    def add(self, top: Path) -> None:
        """Watch a folder and all folders below it, or a file."""
        for path in [top, *(path for path in top.rglob("*") if path.is_dir() and not path.is_symlink())]:
            number = self._libc.inotify_add_watch(self._file, os.fsencode(path), _ALL_EVENTS)
            assert number >= 0, f"{path}: {os.strerror(ctypes.get_errno())}"
            self._folders[number] = path

    def touched(self) -> list[str]:
        """Return the paths that were touched, each once."""
        paths: dict[str, None] = {}
        while True:
            try:
                content = os.read(self._file, 1 << 16)
            except BlockingIOError:
                return list(paths)
            at = 0
            while at < len(content):
                number, _, _, length = struct.unpack_from("iIII", content, at)
                name = os.fsdecode(content[at + 16 : at + 16 + length].rstrip(b"\0"))
                paths[str(self._folders[number] / name)] = None
                at += 16 + length

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True)
class Allowed:
    """Where a command may write, and the folder from which nothing may be executed."""

    written: Sequence[str]
    foreign: str

    def writes(self, path: object) -> bool:
        return str(path).startswith((*self.written, "/dev/null", "/proc/self/")) or not Path(str(path)).is_absolute()


def watched(call: Callable[[], int], allowed: Allowed, watch: Watch, patience: float) -> Ended:
    """Run a call, which returns a status, in a forked process with `allowed.foreign` as working directory."""
    watch.touched()
    out, err, elsewhere = (os.memfd_create(name) for name in ("out", "err", "elsewhere"))
    process = os.fork()
    if process == 0:
        _run(call, allowed, (out, err, elsewhere))
    status, usage = _ended(process, patience)
    texts = [_content(file) for file in (out, err, elsewhere)]
    found = [*texts[2].splitlines(), *(f"touched {path}" for path in watch.touched())]
    seconds = usage.ru_utime + usage.ru_stime
    return Ended(status, texts[0], texts[1], seconds, usage.ru_maxrss * 1024, list(dict.fromkeys(found)))


def _ended(process: int, patience: float) -> tuple[int, Any]:
    file = os.pidfd_open(process)
    try:
        hangs = not select.select([file], [], [], patience)[0]
    finally:
        os.close(file)
    if hangs:
        os.kill(process, 9)
    _, status, usage = os.wait4(process, 0)
    return HANGS if hangs else os.waitstatus_to_exitcode(status), usage


def _content(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, "rb") as stream:
        return stream.read().decode(errors="backslashreplace")


def _run(call: Callable[[], int], allowed: Allowed, files: tuple[int, int, int]) -> None:
    """Run the call in this process and end it; a crash is a status and a traceback."""
    status = CRASHED
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        os.chdir(allowed.foreign)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(files[number - 1], number)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", errors="replace", closefd=False))
        sys.addaudithook(_Audit(allowed, files[2]))
        status = call()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status & 255)


class _Audit:
    """An audit hook that writes a line for each event of a kind that no command has on a stranger's folder."""

    def __init__(self, allowed: Allowed, file: int) -> None:
        self._allowed, self._file = allowed, file

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_odd(event, arguments):
            os.write(self._file, f"{event} {str(arguments[:2])[:200]!r}\n".encode(errors="backslashreplace"))

    def _is_odd(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            path, mode, flags = arguments
            writing = any(letter in (mode or "") for letter in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
            return bool(writing) and isinstance(path, str | bytes) and not self._allowed.writes(os.fsdecode(path))
        if event in _CHANGES:
            paths = [path for path in arguments[:2] if isinstance(path, str | bytes | os.PathLike)]
            return not all(self._allowed.writes(os.fsdecode(path)) for path in paths)
        if event == "import":
            return str(arguments[1] or "").startswith(self._allowed.foreign)
        if event == "exec":
            return str(getattr(arguments[0], "co_filename", "")).startswith(self._allowed.foreign)
        return event in _STARTS or event in _ASKS
