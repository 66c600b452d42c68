"""The scores of records, read from their per-query files and verified against the records."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import DataError, one_line
from harness.machine import bounded, plain_files
from harness.machine.names import path_name
from harness.results.record import PER_QUERY, Record, beside
from harness.stats.align import Floats

_AGAIN = "delete its record and run again"
_NAMES = ("query_id", "measure")
_SAME = 1e-9  # a mean over queries in a record and in its per-query file may differ by summation order only


@dataclass(frozen=True)
class PerQuery:
    """One record's scores: `queries` sorted, `measures` as written."""

    queries: tuple[str, ...]
    measures: tuple[str, ...]
    values: Floats  # [queries, measures]

    def by_measure(self) -> dict[str, dict[str, float]]:
        """Return measure → query id → score."""
        columns = zip(self.measures, self.values.T.tolist(), strict=True)
        return {measure: dict(zip(self.queries, column, strict=True)) for measure, column in columns}


@dataclass(frozen=True)
class _Layout:
    """The layout of a file: `places` are the cells of [queries, measures], row by row, `names` the columns of names."""

    names: Any
    queries: tuple[str, ...]
    measures: tuple[str, ...]
    places: np.ndarray


class Reader:
    """Reads the scores of a folder's records; the layout is parsed once for records of equal queries and measures."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: _Layout | None = None

    def read(self, record: Record) -> PerQuery:
        """Return the scores of a record.

        Raises DataError if its file is missing, does not match the sha256 in the record, does not hold exactly one
        number for each query and measure, or has other means than the record.
        """
        path = beside(record.path(self._folder), PER_QUERY)
        try:
            content = plain_files.read(self._folder, record.file(PER_QUERY))
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}); {_AGAIN}") from error
        if hashlib.sha256(content).hexdigest() != record.files.get(PER_QUERY):
            raise DataError(f"{path} does not match the sha256 in its record; {_AGAIN}")
        scores = self._parsed(content, path)
        for measure in scores.measures:
            try:
                path_name(measure)
            except ValueError as error:
                raise DataError(f"{path} has scores of a measure whose name {error}; {_AGAIN}") from error
        if not scores.values.size or not np.isfinite(scores.values).all():
            raise DataError(f"{path} has no value, or NaN, for a query and measure; {_AGAIN}")
        for measure, mean in zip(scores.measures, scores.values.mean(axis=0).tolist(), strict=True):
            if not math.isclose(record.measures.get(measure, mean), mean, rel_tol=0, abs_tol=_SAME):
                raise DataError(f"{path} gives {measure} {mean!r}, its record {record.measures[measure]!r}; {_AGAIN}")
        return scores

    def _parsed(self, content: bytes, path: Path) -> PerQuery:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=list(_NAMES))
            bounded.check_parquet(file.metadata, len(content), path, "SCORE_ROWS")
            names = file.read(list(_NAMES), use_threads=False)
            if self._last is None or not self._last.names.equals(names):
                self._last = _layout(names)
            column = file.read(["value"], use_threads=False).column("value")
            layout = self._last
            values = np.full((len(layout.queries), len(layout.measures)), np.nan)
            numbers = column if pa.types.is_float64(column.type) else column.cast(pa.float64())
            values.ravel()[layout.places] = numbers.to_numpy()
        except (KeyError, ValueError, OSError, pa.ArrowException) as error:
            raise DataError(f"{path} is not one value per query_id and measure: {one_line(error)}; {_AGAIN}") from error
        return PerQuery(layout.queries, layout.measures, values)


def _layout(table: Any) -> _Layout:
    """Return the layout of a file; raises ValueError for a repeated row, or one without a query or a measure."""
    query, measure = (_texts(table.column(name)) for name in _NAMES)
    rows = list(zip(measure, query, strict=True))
    if len(set(rows)) < len(rows):
        raise ValueError("a query has two values of one measure")
    queries = {name: i for i, name in enumerate(sorted({name for _, name in rows}))}
    measures = {name: i for i, name in enumerate(dict.fromkeys(name for name, _ in rows))}
    places = [queries[name] * len(measures) + measures[measure_name] for measure_name, name in rows]
    return _Layout(table, tuple(queries), tuple(measures), np.array(places, dtype=np.int64))


def _texts(column: Any) -> list[str]:
    """Return a column of names, equal ones as one object: each is held once, however many rows it has.

    Raises ValueError, ArrowException for a column that does not hold text, or a row without one.
    """
    import pyarrow as pa

    texts: list[str] = []
    for chunk in column.chunks:
        if not pa.types.is_dictionary(chunk.type) or not pa.types.is_string(chunk.type.value_type):
            raise ValueError(f"a name is {chunk.type}, not text")
        if chunk.null_count:
            raise ValueError("a row has no query or no measure")
        chunk.validate(full=True)  # a damaged file may point outside of its names
        names = chunk.dictionary.to_pylist()
        texts += [names[i] for i in chunk.indices.to_pylist()]
    return texts
