"""Files of others, read within the limits of harness.machine.limits: plain files, gzip, lines, parquet.

Nothing is decompressed or held beyond a limit before the limit is noticed.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import DataError
from harness.machine.limits import MIB, exceeded, limit

GZIP = b"\x1f\x8b"
SMALL = 16 * MIB  # a file that is no larger decompressed may have any ratio
_BLOCK = 1 * MIB
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # without waiting for the writer of a pipe


def opened(path: Path) -> BinaryIO:
    """Return a file open for reading; raises OSError, also for a pipe, which would block, and for a device."""
    descriptor = os.open(path, _FLAGS)
    file = os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    if file is None:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    return file


def read(path: Path, name: str = "FILE_BYTES") -> bytes:
    """Return the content of a plain file; raises what `opened` and `read_whole` raise."""
    with opened(path) as file:
        return read_whole(file, path, name)


def read_whole(file: BinaryIO, where: object, name: str = "FILE_BYTES") -> bytes:
    """Return the content of an open plain file; raises TooLarge above the named limit, before it is read."""
    check_size(file, where, name)
    return file.read()


def check_size(file: BinaryIO, where: object, name: str) -> None:
    """Raise TooLarge for an open plain file that is larger than the named limit."""
    if os.fstat(file.fileno()).st_size > limit(name):
        raise exceeded(name, where)


def unzipped(content: bytes, where: object, name: str = "FILE_BYTES") -> bytes:
    """Return decompressed gzip.

    Raises TooLarge above the named limit or RATIO, and EOFError, OSError or zlib.error for a damaged content.
    """
    most, size = limit(name), 0
    source, whole = io.BytesIO(content), io.BytesIO()
    with gzip.GzipFile(fileobj=source) as unpacked:
        while block := unpacked.read(_BLOCK):
            size += whole.write(block)
            if size > most:
                raise exceeded(name, where)
            _check_ratio(size, source.tell(), where)
    return whole.getvalue()  # without a copy


def lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a plain file, with their ends; one that begins as gzip is decompressed as it is read.

    Raises TooLarge above LINE_BYTES, LINES or RATIO, OSError, and EOFError or zlib.error for damaged gzip.
    """
    with opened(path) as file:
        yield from lines_of(file, path)


def lines_of(file: BinaryIO, where: object, name: str = "LINES", longest: str = "LINE_BYTES") -> Iterator[bytes]:
    """Yield the lines of an open file as `lines` does, at most as many and as long as the named limits."""
    compressed = file.read(len(GZIP)) == GZIP
    file.seek(0)
    unpacked: Any = gzip.GzipFile(fileobj=file) if compressed else file
    most_bytes, most = limit(longest), limit(name)
    number = size = checked = 0
    while line := unpacked.readline(most_bytes + 1):
        number += 1
        size += len(line)
        if len(line) > most_bytes:
            raise exceeded(longest, f"{where} line {number}")
        if number > most:
            raise exceeded(name, where)
        if compressed and size - checked > _BLOCK:
            checked = size
            _check_ratio(size, file.tell(), where)
        yield line


def check_parquet(metadata: Any, size: int, where: object, rows: str) -> None:
    """Raise TooLarge for a parquet file of `size` bytes with more rows than the named limit, or above RATIO.

    `metadata` is pyarrow's, as the file states it. Raises DataError for row groups that hold other numbers of rows.
    """
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]  # columns can abort pyarrow
    if max(metadata.num_rows, sum(group.num_rows for group in groups)) > limit(rows):
        raise exceeded(rows, where)
    if any(group.num_rows < 0 or group.total_byte_size < 0 for group in groups):
        raise DataError(f"{where}: its row groups have negative sizes; restore the file")
    _check_ratio(sum(group.total_byte_size for group in groups), size, where)


def _check_ratio(size: int, compressed: int, where: object) -> None:
    if size > max(SMALL, limit("RATIO") * compressed):
        raise exceeded("RATIO", where)
