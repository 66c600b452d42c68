"""The scores of records as their per-query files hold them, each verified against its record."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import DataError, one_line
from harness.results.record import PER_QUERY, Record, beside, path_of
from harness.stats.align import Floats

_AGAIN = "delete its record and run again"
_SAME = 1e-9  # a mean over queries in a record and in its per-query file may differ by summation order only


@dataclass(frozen=True)
class PerQuery:
    """One record's scores: `queries` sorted, `measures` as written."""

    queries: tuple[str, ...]
    measures: tuple[str, ...]
    values: Floats  # [queries, measures]


@dataclass(frozen=True)
class _Layout:
    """Where the rows of a file belong, `places` in [queries, measures]; `head` is what the file says of them."""

    head: tuple[Any, ...]
    queries: tuple[str, ...]
    measures: tuple[str, ...]
    places: np.ndarray


class Reader:
    """Reads the scores of one output folder's records, thousands of which have the same queries and measures."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: _Layout | None = None

    def read(self, record: Record) -> PerQuery:
        """Return the scores of a record.

        Raises DataError where its file is not there, or not the one that the record names, or holds anything but one
        number for each query and measure, or has other means than the record.
        """
        path = beside(path_of(self._folder, record.entry, record.language, record.seed), PER_QUERY)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}); {_AGAIN}") from error
        if hashlib.sha256(content).hexdigest() != record.files.get(PER_QUERY):
            raise DataError(f"{path} has not the sha256 that its record names; {_AGAIN}")
        found = self._parsed(content, path)
        if not found.values.size or not np.isfinite(found.values).all():
            raise DataError(f"{path} has no value, or NaN, for a query and measure; {_AGAIN}")
        for measure, mean in zip(found.measures, found.values.mean(axis=0).tolist(), strict=True):
            if not math.isclose(record.measures.get(measure, mean), mean, rel_tol=0, abs_tol=_SAME):
                raise DataError(f"{path} gives {measure} {mean!r}, its record {record.measures[measure]!r}; {_AGAIN}")
        return found

    def _parsed(self, content: bytes, path: Path) -> PerQuery:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(pa.BufferReader(content))
            if self._last is None or self._last.head != _head(file, content):
                self._last = _layout(file, content)
            column = file.read(["value"], use_threads=False).column("value")
            layout = self._last
            values = np.full((len(layout.queries), len(layout.measures)), np.nan)
            numbers = column if pa.types.is_float64(column.type) else column.cast(pa.float64())
            values.ravel()[layout.places] = numbers.to_numpy()
        except (KeyError, ValueError, OSError, pa.ArrowException) as error:
            reason = one_line(error)
            raise DataError(f"{path} is not one value per query_id and measure: {reason}; {_AGAIN}") from error
        return PerQuery(layout.queries, layout.measures, values)


def _head(file: Any, content: bytes) -> tuple[Any, ...]:
    """Return the columns of a file, and the bytes of those that name queries and measures: most files have the same."""
    schema, found = file.metadata.schema, []
    for group in (file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)):
        for column in (group.column(i) for i in range(group.num_columns)):
            if column.path_in_schema in ("query_id", "measure"):
                start = column.dictionary_page_offset or column.data_page_offset
                found.append(content[start : start + column.total_compressed_size])
    return schema, *found


def _layout(file: Any, content: bytes) -> _Layout:
    """Return the layout of a file; raises ValueError for a row that is there twice, or names no query or measure."""
    table = file.read(["query_id", "measure"], use_threads=False)
    query, measure = (table.column(name).to_pylist() for name in ("query_id", "measure"))
    named = list(zip(measure, query, strict=True))
    if any(name is None for row in named for name in row):
        raise ValueError("a row names no query or no measure")
    if len(set(named)) < len(named):
        raise ValueError("a query has two values of one measure")
    queries = {name: i for i, name in enumerate(sorted({name for _, name in named}))}
    measures = {name: i for i, name in enumerate(dict.fromkeys(name for name, _ in named))}
    places = [queries[name] * len(measures) + measures[one] for one, name in named]
    return _Layout(_head(file, content), tuple(queries), tuple(measures), np.array(places, dtype=np.int64))
