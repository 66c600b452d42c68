"""Vectors in an .npy file: written block after block, continued after a kill, read by rows.

A file is never mapped for longer than one reading takes: mapped pages count as the process's memory.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPE: Any = np.dtype("<f4")


def write(path: Path, shape: tuple[int, int], block: int, blocks_from: Callable[[int], Iterable[Any]]) -> None:
    """Write vectors of `shape` to `path`; a file of the same shape that a killed process left is continued.

    `blocks_from(row)` yields arrays of `block` rows, the last one shorter, from that row on. Each is synced before the
    next one is written, so of a file left behind only the last block may be damaged: it is made again.
    """
    header = _header(shape)
    row_bytes = TYPE.itemsize * shape[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        size = file.tell()
        file.seek(0)
        whole = max(0, size - len(header)) // (block * row_bytes) if file.read(len(header)) == header else 0
        done = max(0, whole - 1) * block
        file.truncate(len(header) + done * row_bytes if whole else 0)
        if not whole:
            file.write(header)
        for vectors in blocks_from(done):
            file.write(np.ascontiguousarray(vectors, dtype=TYPE).tobytes())
            file.flush()
            os.fsync(file.fileno())


def _header(shape: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": TYPE.str, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def read(path: Path, rows: slice | Sequence[int]) -> NDArray[np.float32]:
    """Return the vectors of some rows."""
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    vectors: NDArray[np.float32] = np.array(mapped[rows if isinstance(rows, slice) else list(rows)])
    return vectors
