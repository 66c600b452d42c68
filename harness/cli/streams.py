"""The standard streams of the command: open, able to show any letter, and flushed before the status is known."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from contextlib import suppress

READER_GONE = 128 + signal.SIGPIPE  # as of programs that this signal ends; `| head -1` is no failure
UNWRITABLE = 2


def prepare() -> None:
    """Open the streams that the caller has closed, on nothing; show `?` for a letter that a stream does not have."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one. Else a file that is written would get it
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r", encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Δ or ± is no reason to fail


def is_reader_gone(error: BaseException | None) -> bool:
    """Return whether an error is of a pipe whose reader has ended."""
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def flushed(status: int) -> int:
    """Write what the streams still hold, and return the status: another one where standard output cannot be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if status == 0 or stream is sys.stdout:
                status = READER_GONE if is_reader_gone(error) else UNWRITABLE
            if not is_reader_gone(error):
                _say(f"harness: the output cannot be written: {error.strerror}; send it elsewhere\n")
            _silence(stream)
    return status


def _say(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(line)


def _silence(stream: object) -> None:
    """Let nothing more be written to a stream, so that Python does not fail on it when it ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(nothing, stream.fileno())  # type: ignore[attr-defined]
    os.close(nothing)
