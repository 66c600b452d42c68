"""Rows of large files, one at a time and never held as a whole."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.data.text_files import RESTORE, broken_json, json_object, unpacked
from harness.errors import DataError, short_reason
from harness.machine import bounded
from harness.machine.json_toml import parse_row
from harness.machine.limits import exceeded, limit

BATCH = 256  # rows of parquet at a time: a few hundred kilobytes of passages
Row = tuple[str, dict[str, Any]]
"""The place ("FILE line N" or "FILE row N") and the row by column name."""


def rows(path: Path, *keys: str) -> Iterator[Row]:
    """Yield the rows of a file by its suffix: .parquet, .jsonl or .jsonl.gz; JSON lines may be gzip under either name.

    Raises DataError, with the file and the row reached, for one that is truncated, damaged or of another format.
    `keys` are those that a row needs, for the error of a line that is not an object.
    """
    if path.name.endswith(".parquet"):
        return _parquet_rows(path)
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        return _json_rows(path, *keys)
    raise DataError(f"{path} is not .parquet, .jsonl or .jsonl.gz; correct the manifest's list of files")


def _json_rows(path: Path, *keys: str) -> Iterator[Row]:
    number = 0
    try:
        for number, line in enumerate(bounded.lines(path), start=1):
            if number == 1:
                line = unpacked(line, path).removeprefix(codecs.BOM_UTF8)
            if not line.strip():
                continue
            where = f"{path} line {number}"
            yield where, json_object(parse_row(line), where, *keys)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path} line {number + 1}: the gzip file is truncated or damaged ({error}); {RESTORE}"
        ) from error
    except ValueError as error:
        raise broken_json(path, number, error) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from error


def _parts(batch: Any, path: Path, before: int) -> Iterator[Any]:
    """Yield a batch, or its rows one by one where it is larger than one may be; raises TooLarge for such a row."""
    if batch.nbytes <= limit("LINE_BYTES"):
        yield batch
        return
    for i in range(batch.num_rows):
        row = batch.slice(i, 1)
        if row.nbytes > limit("LINE_BYTES"):
            raise exceeded("LINE_BYTES", f"{path} row {before + i + 1}")
        yield row


def _parquet_rows(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            bounded.check_parquet(file.metadata, path.stat().st_size, path, "LINES")
            for batch in file.iter_batches(batch_size=BATCH):
                for part in _parts(batch, path, number):
                    for row in part.to_pylist():
                        number += 1
                        yield f"{path} row {number}", row
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:  # text that is not UTF-8, a far date
        reason = short_reason(error)
        raise DataError(f"{path} row {number + 1}: not a complete parquet file ({reason}); {RESTORE}") from error
