"""Passages on disk: id → text in the order of the ids, read by blocks or one by one, never held as a whole.

The file is Arrow's IPC format, uncompressed, in batches of BATCH rows. A pass over it reads one batch at a time into
memory that is freed again; a single passage is read through a memory map, of which only the touched pages are loaded.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.keys import canonical

BATCH = 4096  # rows; about 4 MB of Persian


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
    def _mapped(self) -> Any:
        import pyarrow as pa

        return pa.ipc.open_file(pa.memory_map(str(self.path)))

    @cached_property
    def _starts(self) -> list[str]:
        """The first id of every batch."""
        return [self._mapped.get_batch(i).column(0)[0].as_py() for i in range(self._mapped.num_record_batches)]

    @cached_property
    def _length(self) -> int:
        batches = self._mapped.num_record_batches
        return BATCH * (batches - 1) + int(self._mapped.get_batch(batches - 1).num_rows) if batches else 0

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
        return str(self._mapped.get_batch(batch).column(1)[row].as_py())

    def __contains__(self, doc: object) -> bool:
        return isinstance(doc, str) and self._find(doc) is not None

    def _find(self, doc: str) -> tuple[int, int] | None:
        batch = bisect_right(self._starts, doc) - 1
        if batch < 0:
            return None
        ids = self._mapped.get_batch(batch).column(0)
        row = bisect_left(range(len(ids)), doc, key=lambda i: ids[i].as_py())
        return (batch, row) if row < len(ids) and ids[row].as_py() == doc else None

    def items(self) -> ItemsView[str, str]:
        """Return a view whose passes read batch by batch."""
        return _Items(self)

    def id_at(self, row: int) -> str:
        """Return the id of the row-th passage."""
        return str(self._mapped.get_batch(row // BATCH).column(0)[row % BATCH].as_py())

    def batches(self, start: int = 0) -> Iterator[tuple[list[str], list[str]]]:
        """Yield ids and texts of one batch after the other, from row `start` (a multiple of BATCH) on."""
        import pyarrow as pa

        with closing(pa.OSFile(str(self.path))) as file:
            reader = pa.ipc.open_file(file)
            for i in range(start // BATCH, reader.num_record_batches):
                batch = reader.get_batch(i)
                yield batch.column(0).to_pylist(), batch.column(1).to_pylist()


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

    The rows pass through a file beside `path`, so that only their ids are ever held together.
    """
    import pyarrow as pa

    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    unsorted = path.with_suffix(".unsorted")
    hasher = hashlib.sha256()
    try:
        ids = _spill(unsorted, rows, schema)
        order = sorted(range(len(ids)), key=ids.__getitem__)
        _refuse_twins(ids, order)
        with pa.memory_map(str(unsorted)) as spilled, pa.ipc.new_file(str(path), schema) as writer:
            source = pa.ipc.open_file(spilled)
            texts = [source.get_batch(i).column(1) for i in range(source.num_record_batches)]
            for start in range(0, len(order), BATCH):
                batch = [(ids[row], texts[row // BATCH][row % BATCH].as_py()) for row in order[start : start + BATCH]]
                for name, text in batch:
                    hasher.update(canonical([name, text]).encode())
                writer.write_batch(_batch(batch, schema))
    finally:
        unsorted.unlink(missing_ok=True)
    return Corpus(path, hasher.hexdigest())


def _spill(path: Path, rows: Iterable[tuple[str, str]], schema: Any) -> list[str]:
    """Write the rows as they come and return their ids."""
    import pyarrow as pa

    ids: list[str] = []
    batch: list[tuple[str, str]] = []
    with pa.ipc.new_file(str(path), schema) as writer:
        for row in rows:
            ids.append(row[0])
            batch.append(row)
            if len(batch) == BATCH:
                writer.write_batch(_batch(batch, schema))
                batch = []
        if batch:
            writer.write_batch(_batch(batch, schema))
    return ids


def _batch(rows: list[tuple[str, str]], schema: Any) -> Any:
    import pyarrow as pa

    columns = [pa.array([row[i] for row in rows], type=pa.string()) for i in range(2)]
    return pa.record_batch(columns, schema=schema)


def _refuse_twins(ids: list[str], order: list[int]) -> None:
    for one, two in pairwise(order):
        if ids[one] == ids[two]:
            raise DataError(f"duplicate passage id '{ids[one]}' in the corpus; give each passage an id of its own")
