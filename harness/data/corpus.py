"""Passages on disk: id → text in the order of the ids, read by batches or one by one, never held as a whole.

The file is Arrow's IPC format, uncompressed, in batches of BATCH rows; a file beside it holds the first id of each. A
pass reads one batch at a time; looking up a passage reads its batch, and the last CACHED_BATCHES of these are kept.
Nothing is memory-mapped: mapped pages count as the process's memory, and grow with every batch that is touched.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, ItemsView, Iterator, Mapping
from contextlib import closing
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

BATCH = 1024  # rows; about 1 MB of Persian
CACHED_BATCHES = 16
STARTS = ".starts"  # suffix of the file of first ids


Columns = tuple[Any, Any]  # ids and texts of a batch, as Arrow arrays


class Corpus(Mapping[str, str]):
    """Passage id → text, ids ascending (by code point). Pickled as its path.

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
        """Return a batch by its number, from the cache if it is one of the last ones."""
        return lru_cache(CACHED_BATCHES)(lambda i: _columns(self._reader.get_batch(i)))

    @cached_property
    def _starts(self) -> list[str]:
        """The first id of every batch."""
        starts: list[str] = json.loads(self.path.with_suffix(STARTS).read_text(encoding="utf-8"))
        return starts

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
        position = self._find(doc)
        if position is None:
            raise KeyError(doc)
        batch, row = position
        return str(self._batch(batch)[1][row].as_py())

    def __contains__(self, doc: object) -> bool:
        return isinstance(doc, str) and self._find(doc) is not None

    def _find(self, doc: str) -> tuple[int, int] | None:
        """Return the batch and the row in it of a passage id, None if the corpus lacks it."""
        batch = bisect_right(self._starts, doc) - 1
        if batch < 0:
            return None
        ids = self._batch(batch)[0]
        row = bisect_left(range(len(ids)), doc, key=lambda i: ids[i].as_py())
        return (batch, row) if row < len(ids) and ids[row].as_py() == doc else None

    def items(self) -> ItemsView[str, str]:
        """Return a view that is iterated batch by batch."""
        return _Items(self)

    def id_at(self, row: int) -> str:
        """Return the id of the row-th passage."""
        return str(self._batch(row // BATCH)[0][row % BATCH].as_py())

    def row_of(self, doc: str) -> int:
        """Return the row of a passage; raises KeyError if the corpus lacks it."""
        position = self._find(doc)
        if position is None:
            raise KeyError(doc)
        return BATCH * position[0] + position[1]

    def batches(self, start: int = 0) -> Iterator[tuple[list[str], list[str]]]:
        """Yield ids and texts of each batch, from row `start` (a multiple of BATCH) on."""
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


def blocks(passages: Mapping[str, str], size: int, start: int = 0) -> Iterator[tuple[list[str], list[str]]]:
    """Yield ids and texts of blocks of `size` passages, in the order of the ids, from the start-th passage on.

    `size` and `start` are multiples of BATCH if the passages are on disk.
    """
    if not isinstance(passages, Corpus):
        names = sorted(passages)
        for first in range(start, len(names), size):
            yield names[first : first + size], [passages[doc] for doc in names[first : first + size]]
        return
    ids: list[str] = []
    texts: list[str] = []
    for batch_ids, batch_texts in passages.batches(start):
        ids += batch_ids
        texts += batch_texts
        if len(ids) == size:
            yield ids, texts
            ids, texts = [], []
    if ids:
        yield ids, texts
