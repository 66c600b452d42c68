"""Rows of large files, one at a time: a corpus is passed over and never held."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.retrieval import Passage
from harness.data.text_files import AGAIN, member
from harness.errors import DataError, one_line

Row = tuple[str, dict[str, Any]]
"""The place ("FILE line N" or "FILE row N") and the row by column name."""


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file by its ending: .parquet, .jsonl or .jsonl.gz.

    Raises DataError, with the file and how far it was read, for one that is cut, damaged or of another kind.
    """
    if path.name.endswith(".parquet"):
        return _parquet(path)
    if path.name.endswith((".jsonl", ".jsonl.gz")):
        return _lines(path)
    raise DataError(f"{path} is neither .parquet, .jsonl nor .jsonl.gz; correct the manifest's list of files")


def _lines(path: Path) -> Iterator[Row]:
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                where = f"{path} line {number}"
                yield where, member({"line": json.loads(line)}, "line", dict, where)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} line {number + 1}: the gzip file is cut or damaged ({error}); {AGAIN}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} line {number}: truncated or broken JSON ({error}); {AGAIN}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the place and its permissions") from error


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(path, memory_map=False) as file:
            for batch in file.iter_batches(batch_size=1024):  # about a megabyte of passages
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path} row {number}", row
    except (pa.ArrowException, OSError) as error:
        reason = one_line(error)[:160]
        raise DataError(f"{path} row {number + 1}: no whole parquet file ({reason}); {AGAIN}") from error


def passages(paths: Iterable[Path], columns: tuple[str, str, str]) -> Iterator[tuple[str, Passage]]:
    """Yield the passages of files with these columns of id, title (which may be missing) and text, in file order.

    A text may be empty, for a passage of published corpora may be a title alone.
    """
    name, title, text = columns
    for path in paths:
        for where, row in rows(path):
            doc = validation.identifier(row.get(name), where)
            told = validation.string(row.get(title) or "", f"{where}, document '{doc}'", title)
            yield doc, Passage(told, validation.string(row.get(text), f"{where}, document '{doc}'", text))


def complete(
    found: Iterable[tuple[str, Passage]], judged: Collection[str], where: str
) -> Iterator[tuple[str, Passage]]:
    """Yield the passages on; raises DataError at their end where a judged one was not among them."""
    missing = set(judged)
    for doc, passage in found:
        missing.discard(doc)
        yield doc, passage
    if missing:
        more = f" (and of {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise DataError(f"{where}: judgment of unknown document '{min(missing)}'{more}; is the corpus whole?")


def only(found: Iterable[tuple[str, Passage]], wanted: Collection[str]) -> Iterator[tuple[str, Passage]]:
    """Yield those of the passages that are wanted, to the last: what checks them at their end is to be heard."""
    return ((doc, passage) for doc, passage in found if doc in wanted)


def of_number(found: Iterable[tuple[str, Passage]], promised: int, where: str) -> Iterator[tuple[str, Passage]]:
    """Yield the passages on; raises DataError at their end where their number is not the promised one."""
    number = 0
    for row in found:
        number += 1
        yield row
    validation.counts({"passages": number}, {"passages": promised}, where)
