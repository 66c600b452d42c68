"""Writing passages to disk, sorted by id: an external merge sort in bounded memory."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from harness.data import corpus
from harness.data.corpus import STARTS, Corpus
from harness.errors import DataError
from harness.keys import canonical

RUN = 64 * corpus.BATCH  # rows sorted in memory at once


def write_corpus(path: Path, rows: Iterable[tuple[str, str]]) -> Corpus:
    """Write (id, text) rows in any order to `path` and return them sorted; raises DataError for a repeated id.

    Runs of RUN rows are sorted in memory, spilled beside `path`, and merged.
    """
    runs: list[Path] = []
    hasher = hashlib.sha256()
    try:
        remaining = iter(rows)
        while run := sorted(islice(remaining, RUN)):
            runs.append(path.with_name(f"{path.stem}-{len(runs)}.run"))
            _write_sorted(runs[-1], run)
        merged = heapq.merge(*(Corpus(run, "").items() for run in runs))
        _write_sorted(path, _checked(merged, hasher))
    finally:
        for spilled in runs:
            spilled.unlink(missing_ok=True)
            spilled.with_suffix(STARTS).unlink(missing_ok=True)
    return Corpus(path, hasher.hexdigest())


def _checked(rows: Iterable[tuple[str, str]], hasher: Any) -> Iterator[tuple[str, str]]:
    """Yield the sorted rows, hashed as harness.keys.texts_sha256 does; raises DataError for a repeated id."""
    last = None
    for name, text in rows:
        if name == last:
            raise DataError(f"duplicate passage id '{name}' in the corpus; give each passage its own id")
        hasher.update(canonical([name, text]).encode())
        yield name, text
        last = name


def _write_sorted(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    import pyarrow as pa

    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    remaining = iter(rows)
    starts: list[str] = []
    with pa.ipc.new_file(str(path), schema) as writer:
        while batch := list(islice(remaining, corpus.BATCH)):
            starts.append(batch[0][0])
            columns = [pa.array([row[i] for row in batch], type=pa.string()) for i in range(2)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    path.with_suffix(STARTS).write_text(json.dumps(starts, ensure_ascii=False), encoding="utf-8")
