"""Passages on disk: id → text in the order of the ids, read by blocks or one by one, never held as a whole.

The file is Arrow's IPC format, uncompressed, in batches of BATCH rows; a file beside it holds the first id of each. A
pass reads one batch at a time, a single passage the batch that it is in, and the last KEPT batches are kept. Nothing is
memory-mapped: mapped pages count as the process' own, and grow with what has been touched.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.keys import canonical

BATCH = 1024  # rows; about 1 MB of Persian
RUN = 64 * BATCH  # rows that are sorted at once
KEPT = 16  # batches that single passages were read from
STARTS = ".starts"  # suffix of the file of first ids


Columns = tuple[Any, Any]  # ids and texts of a batch, as Arrow arrays


class Corpus(Mapping[str, str]):
    """Passage id → text, ids ascending (by code point). Travels between processes as its path.

    `sha256` is harness.keys.texts_sha256 of the passages, computed when they were written.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        self.path = path
        self.sha256 = sha256

    def __reduce__(self) -> tuple[type[Corpus], tuple[Path, str]]:
        return Corpus, (self.path, self.sha256)

    @cached_property
    def _reader(self) -> Any:
        import pyarrow as pa

        return pa.ipc.open_file(pa.OSFile(str(self.path)))

    @cached_property
    def _batch(self) -> Callable[[int], Columns]:
        """Read a batch, or take it from the last ones."""
        return lru_cache(KEPT)(lambda i: _columns(self._reader.get_batch(i)))

    @cached_property
    def _starts(self) -> list[str]:
        """The first id of every batch."""
        found: list[str] = json.loads(self.path.with_suffix(STARTS).read_text(encoding="utf-8"))
        return found

    @cached_property
    def _length(self) -> int:
        batches = len(self._starts)
        return BATCH * (batches - 1) + len(self._batch(batches - 1)[0]) if batches else 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[str]:
        for ids, _ in self.batches():
            yield from ids

    def __getitem__(self, doc: str) -> str:
        place = self._find(doc)
        if place is None:
            raise KeyError(doc)
        batch, row = place
        return str(self._batch(batch)[1][row].as_py())

    def __contains__(self, doc: object) -> bool:
        return isinstance(doc, str) and self._find(doc) is not None

    def _find(self, doc: str) -> tuple[int, int] | None:
        batch = bisect_right(self._starts, doc) - 1
        if batch < 0:
            return None
        ids = self._batch(batch)[0]
        row = bisect_left(range(len(ids)), doc, key=lambda i: ids[i].as_py())
        return (batch, row) if row < len(ids) and ids[row].as_py() == doc else None

    def items(self) -> ItemsView[str, str]:
        """Return a view whose passes read batch by batch."""
        return _Items(self)

    def id_at(self, row: int) -> str:
        """Return the id of the row-th passage."""
        return str(self._batch(row // BATCH)[0][row % BATCH].as_py())

    def batches(self, start: int = 0) -> Iterator[tuple[list[str], list[str]]]:
        """Yield ids and texts of one batch after the other, from row `start` (a multiple of BATCH) on."""
        import pyarrow as pa

        with closing(pa.OSFile(str(self.path))) as file:
            reader = pa.ipc.open_file(file)
            for i in range(start // BATCH, reader.num_record_batches):
                ids, texts = _columns(reader.get_batch(i))
                yield ids.to_pylist(), texts.to_pylist()


def _columns(batch: Any) -> Columns:
    return batch.column(0), batch.column(1)


class _Items(ItemsView[str, str]):
    def __init__(self, corpus: Corpus) -> None:
        super().__init__(corpus)
        self._corpus = corpus

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for ids, texts in self._corpus.batches():
            yield from zip(ids, texts, strict=True)


def blocks(texts: Mapping[str, str], size: int, start: int = 0) -> Iterator[tuple[list[str], list[str]]]:
    """Yield ids and texts of `size` passages after `size`, in the order of the ids, from the start-th on.

    `size` and `start` are multiples of BATCH where the passages are on disk.
    """
    if not isinstance(texts, Corpus):
        names = sorted(texts)
        for first in range(start, len(names), size):
            yield names[first : first + size], [texts[doc] for doc in names[first : first + size]]
        return
    ids: list[str] = []
    found: list[str] = []
    for more_ids, more_texts in texts.batches(start):
        ids += more_ids
        found += more_texts
        if len(ids) == size:
            yield ids, found
            ids, found = [], []
    if ids:
        yield ids, found


def write(path: Path, rows: Iterable[tuple[str, str]]) -> Corpus:
    """Write (id, text) rows in any order to `path` and return them sorted; raises DataError for an id twice.

    An external merge sort: runs of RUN rows are sorted in memory, spilled beside `path`, and merged.
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
    """Yield the sorted rows, hashed as harness.keys.texts_sha256 does; raises DataError for an id twice."""
    last = None
    for name, text in rows:
        if name == last:
            raise DataError(f"duplicate passage id '{name}' in the corpus; give each passage an id of its own")
        hasher.update(canonical([name, text]).encode())
        yield name, text
        last = name


def _write_sorted(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    import pyarrow as pa

    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    remaining = iter(rows)
    starts: list[str] = []
    with pa.ipc.new_file(str(path), schema) as writer:
        while batch := list(islice(remaining, BATCH)):
            starts.append(batch[0][0])
            columns = [pa.array([row[i] for row in batch], type=pa.string()) for i in range(2)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
    path.with_suffix(STARTS).write_text(json.dumps(starts, ensure_ascii=False), encoding="utf-8")
