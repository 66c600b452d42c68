"""Vectors in a file: what numpy reads, whether written at once or continued after a kill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.vectors import vector_file

VECTORS = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
BLOCK = 4


def write(path: Path, killed_at: int | None = None) -> list[int]:
    """Write VECTORS in blocks; return the first rows of the blocks that were computed."""
    computed: list[int] = []

    def blocks_from(row: int) -> Iterator[NDArray[np.float32]]:
        for first in range(row, len(VECTORS), BLOCK):
            if first == killed_at:
                raise KeyboardInterrupt
            computed.append(first)
            yield VECTORS[first : first + BLOCK]

    vector_file.write(path, (len(VECTORS), 3), BLOCK, blocks_from)
    return computed


def test_the_file_is_what_numpy_saves(tmp_path: Path) -> None:
    assert write(tmp_path / "a.npy") == [0, 4, 8]
    np.save(tmp_path / "b.npy", VECTORS)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_rows_are_read_by_slice_and_by_number(tmp_path: Path) -> None:
    write(tmp_path / "a.npy")
    assert np.array_equal(vector_file.read(tmp_path / "a.npy", slice(3, 7)), VECTORS[3:7])
    assert np.array_equal(vector_file.read(tmp_path / "a.npy", [9, 0, 9]), VECTORS[[9, 0, 9]])


@pytest.mark.parametrize("cut", [0, 1, 50])
def test_a_file_that_a_killed_process_left_is_continued_from_the_block_before_its_last_whole_one(
    tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "a.npy"
    with pytest.raises(KeyboardInterrupt):
        write(path, killed_at=8)
    written = path.read_bytes()
    path.write_bytes(written[: len(written) - cut])
    assert write(path) == ([4, 8] if cut == 0 else [0, 4, 8])
    assert np.array_equal(np.load(path), VECTORS)


def test_a_damaged_last_block_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    with pytest.raises(KeyboardInterrupt):
        write(path, killed_at=8)
    path.write_bytes(path.read_bytes()[:-48] + bytes(48))
    write(path)
    assert np.array_equal(np.load(path), VECTORS)


@pytest.mark.parametrize("content", [b"", b"short", bytes(5000)])
def test_a_file_of_another_form_is_written_from_its_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    assert write(path) == [0, 4, 8]
    assert np.array_equal(np.load(path), VECTORS)
