"""A cell's ranking as it is read: a gzipped TREC run whose queries ascend, as harness.results.record writes it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from harness.errors import DataError, short_reason
from harness.machine import bounded, plain_files
from harness.machine.limits import exceeded, limit

Rows = dict[str, float]  # passage id → score


def read_run(path: Path, folder: Path | None = None) -> dict[str, Rows]:
    """Return a ranking as query id → its rows; takes and raises what `ranked_queries` does."""
    return dict(ranked_queries(path, folder))


def ranked_queries(path: Path, folder: Path | None = None) -> Iterator[tuple[str, Rows]]:
    """Yield each query of a ranking, below an output folder (by default its own), with its rows; one is held at a time.

    Raises DataError for a file that is damaged, whose queries do not ascend, that is no plain file or exceeds a limit.
    """
    top, last = folder or path.parent, ""
    try:
        with plain_files.opened(top, path.relative_to(top).as_posix()) as file:
            lines = bounded.lines_of(file, path, "RANKING_LINES", longest="RANKING_LINE_BYTES")
            for query, of_query in groupby((line.decode().split(" ") for line in lines), key=lambda fields: fields[0]):
                if query <= last:
                    raise ValueError(f"query {query} follows {last}")
                yield query, _rows(of_query, path)
                last = query
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(f"ranking {path} is damaged: {short_reason(error)}; run its cell again") from error


def _rows(of_query: Iterator[list[str]], path: Path) -> Rows:
    rows: Rows = {}
    most = limit("RANKING_DEPTH")
    for _, _, doc, _, score, _ in of_query:
        rows[doc] = float(score)
        if len(rows) > most:
            raise exceeded("RANKING_DEPTH", path)
    return rows
