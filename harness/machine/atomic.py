"""Atomic writing: a file is complete or absent."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from harness.machine.file_modes import new_file


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` under a temporary name, sync and rename it to `path`: no reader sees a partial file."""
    write_together({path: content})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write all files under temporary names, then rename them: an error such as a full disk changes none of them.

    An OSError names the file, or the folder in which it cannot be made.
    """
    temporary_of: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            descriptor, temporary_of[path] = new_file(path)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:  # of a full disk: it names no file
                raise OSError(error.errno, error.strerror, str(path)) from error
        for path, temporary in temporary_of.items():
            temporary.replace(path)
    finally:
        for temporary in temporary_of.values():
            temporary.unlink(missing_ok=True)
