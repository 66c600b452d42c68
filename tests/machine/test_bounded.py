"""Bombs: files that are small on disk, refused before they fill the memory; large files of every day are read."""

from __future__ import annotations

import gzip
import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness.data import text_files
from harness.data.row_streams import rows
from harness.errors import DataError
from harness.machine import bounded, plain_files
from harness.machine.limits import MIB, TooLarge
from harness.results import ranking_file, record
from harness.results.per_query import Reader


@contextmanager
def memory_below(most: int) -> Iterator[None]:
    """Fail where Python holds more than `most` further bytes at any time in the block."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most, f"{peak / MIB:.0f} MiB"


def zipped(path: Path, head: bytes, block: bytes, times: int) -> Path:
    """Write a gzip file of a block that is repeated."""
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(head)
        for _ in range(times):
            file.write(block)
    assert path.stat().st_size < MIB
    return path


def read_all_rows(path: Path) -> list[object]:
    return list(rows(path))


@pytest.mark.parametrize("read", [read_all_rows, text_files.read_text], ids=["rows", "text"])
def test_a_gzip_of_one_endless_line(tmp_path: Path, read: Callable[[Path], object]) -> None:
    bomb = zipped(tmp_path / "a.jsonl.gz", b'{"a": "', b" " * MIB, 200)
    with memory_below(140 * MIB), pytest.raises(TooLarge, match=r"a\.jsonl\.gz.* has more than .* HARNESS_LIMIT_"):
        read(bomb)


def test_a_gzip_of_endless_lines_is_streamed_until_its_ratio_is_known(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "a.jsonl.gz", b"", (b'{"a": "' + b"b" * 2000 + b'"}\n') * 1000, 100)
    with memory_below(8 * MIB), pytest.raises(TooLarge, match="more than 100 bytes per compressed byte"):
        for _ in rows(bomb):
            pass


def test_a_ranking_that_is_held_whole_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.compress(bytes(2 * MIB))
    assert len(bounded.unzipped(content, "0.run.gz", "RANKING_BYTES")) == 2 * MIB
    monkeypatch.setenv("HARNESS_LIMIT_RANKING_BYTES", str(MIB))
    with pytest.raises(TooLarge, match="more than 1,048,576 bytes of one decompressed ranking"):
        bounded.unzipped(content, "0.run.gz", "RANKING_BYTES")


def test_a_ranking_of_endless_lines(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "0.run.gz", b"", (b"q Q0 " + b"d" * 900 + b" 1 0.5 x\n") * 1000, 100)
    with memory_below(8 * MIB), pytest.raises(TooLarge, match="more than 100 bytes per compressed byte"):
        ranking_file.read_run(bomb)


def test_limits_of_lines_are_set_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' * 3, encoding="utf-8")
    monkeypatch.setenv("HARNESS_LIMIT_LINES", "2")
    with pytest.raises(TooLarge, match="more than 2 lines or rows"):
        read_all_rows(path)
    monkeypatch.setenv("HARNESS_LIMIT_LINES", "3")
    assert len(read_all_rows(path)) == 3
    monkeypatch.setenv("HARNESS_LIMIT_LINE_BYTES", "8")
    with pytest.raises(TooLarge, match=r"a\.jsonl line 1 has more than 8 bytes of one line"):
        read_all_rows(path)


def many_rows(path: Path, count: int) -> bytes:
    """Write a parquet file of `count` equal rows, which are nothing on disk."""
    part = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["a"])
            for name in ("query_id", "measure")
        }
    )
    part = part.append_column("value", pa.array([0.5] * 100_000))
    with pq.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(count // 100_000):
            writer.write_table(part)
    assert path.stat().st_size < MIB
    return path.read_bytes()


def test_a_parquet_of_millions_of_rows_is_refused_by_what_it_states(tmp_path: Path) -> None:
    content = many_rows(tmp_path / "scores", 6_000_000)
    before = pa.default_memory_pool().max_memory()
    with memory_below(8 * MIB), pytest.raises(TooLarge, match="more than 5,000,000 rows of one record's scores"):
        Reader(tmp_path)._parsed(content, tmp_path / "scores")
    assert pa.default_memory_pool().max_memory() - before < 8 * MIB


def test_a_parquet_of_one_huge_text_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [" " * (64 * MIB)]}), path, compression="zstd", use_dictionary=False)
    with memory_below(8 * MIB), pytest.raises(TooLarge, match="more than 100 bytes per compressed byte"):
        read_all_rows(path)


def test_a_parquet_whose_rows_share_a_long_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LIMIT_LINE_BYTES", str(MIB))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["x" * 2_000_000] * 100}), path)
    with memory_below(8 * MIB), pytest.raises(TooLarge, match="row 1 has more than"):
        read_all_rows(path)


def test_rows_of_a_parquet_are_limited_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LIMIT_LINE_BYTES", str(MIB))
    texts = [f"{i:04}" * 25_000 for i in range(300)]  # 100 kB each, 30 MB together
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", use_dictionary=False)
    assert [row["text"] for _, row in rows(tmp_path / "a.parquet", "text")] == texts


@pytest.mark.parametrize(
    "read", [bounded.read, lambda path: list(bounded.lines(path)), record.read, ranking_file.read_run]
)
def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "0.json")
    (tmp_path / "1.json").symlink_to("/dev/zero")
    for name in ("0.json", "1.json"):
        with pytest.raises((OSError, DataError), match=r"plain file|a link"):
            read(tmp_path / name)


def test_a_ranking_of_2000_queries_and_scores_of_100_000_are_read(tmp_path: Path) -> None:
    ranking = {f"q{i:06}": [(f"doc-{j}#0", float(100 - j)) for j in range(100)] for i in range(2000)}
    (tmp_path / "0.run.gz").write_bytes(record.run_bytes(ranking, "mnrl"))
    assert sum(map(len, ranking_file.read_run(tmp_path / "0.run.gz").values())) == 200_000
    scores = {measure: {f"q{i:06}": 1.0 for i in range(100_000)} for measure in ("AP", "nDCG@10")}
    assert Reader(tmp_path)._parsed(record.per_query_bytes(scores), tmp_path).values.shape == (100_000, 2)


def test_a_shard_of_a_corpus_is_streamed_whole(tmp_path: Path) -> None:
    draw = random.Random(0)
    words = ["".join(draw.choices("abcdefghij", k=6)) for _ in range(2000)]
    path = tmp_path / "docs.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for i in range(40_000):
            file.write(json.dumps({"docid": str(i), "text": " ".join(draw.choices(words, k=80))}).encode() + b"\n")
    with memory_below(8 * MIB):
        assert sum(1 for _ in rows(path)) == 40_000


def test_a_file_without_an_end_is_neither_hashed_nor_copied(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    with (tmp_path / "from" / "a").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge, match=r"from/a has more than .* HARNESS_LIMIT_FILE_BYTES$"):
        plain_files.sha256(tmp_path / "from", "a")
    with pytest.raises(TooLarge, match="HARNESS_LIMIT_FILE_BYTES"):
        plain_files.copy(tmp_path / "from", "a", tmp_path / "to")


def test_text_of_parquet_that_is_not_utf_8_is_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    text = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xb8a")]
    )
    pq.write_table(pa.table({"text": text}), path)
    with pytest.raises(DataError, match="row 1: not a complete parquet file"):
        list(rows(path))
