"""The untuned base's vectors of a language's texts: computed once, stored, and read by every stage that needs them.

The base entry's retrieval, mining in the first round, geometry before training and an expert that is the base read the
same passages, and mining and experts the same training queries. One output holds the vectors of one set of texts in one
role, under a key made of the texts' own digest: cells, entries and requests with equal texts share it.

Two rules decide what is stored. Both read the data and the model alone, so that the batches in which a text is encoded,
and with them its last bits, do not depend on the machine or on what is cached:

* A set of texts is stored if its vectors take at most LARGEST bytes. Larger ones are computed as they are read.
* A stage that reads some texts of a set (geometry its sample, an expert its pairs, mining the answered passages) takes
  them from the whole set if that is at most WHOLE times as large. Otherwise it encodes these texts alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from harness.data import corpus
from harness.data.corpus import Corpus
from harness.keys import texts_sha256
from harness.stages.lineage import stored_vectors_key
from harness.stages.model_vectors import Block, ModelVectors
from harness.vectors import embedding, vector_file
from harness.vectors.embedding import embed_blocks, precision_of
from harness.vectors.encoder import Encoder, Role

LARGEST = 2 * 2**30  # bytes: half a million passages of 1,024 dimensions; MIRACL's corpora would take 2 to 9 GB each
WHOLE = 8  # a stage that needs only a part never encodes more than 8 times as many texts as without the whole
STAGE = "encode"
VECTORS = "vectors.npy"
FOUND = "found.json"  # what was read off the model, for the stages that read the vectors without opening it


class BaseVectors(ModelVectors):
    """The vectors of a cell's untuned base model, read from the store where they are small enough to be kept."""

    @cached_property
    def _outputs(self) -> dict[str, Path | None]:
        """Folders of the outputs read so far, by key; None for one too large to be stored."""
        return {}

    @property
    def normalized(self) -> bool:
        """Whether the vectors have unit length."""
        folder = next((folder for folder in self._outputs.values() if folder is not None), None)
        return super().normalized if folder is None else bool(_found(folder)["normalized"])

    def blocks(
        self,
        texts: Mapping[str, str],
        role: Role,
        *,
        ids: Collection[str] | None = None,
        start: int = 0,
        dev: bool = False,
    ) -> Iterator[Block]:
        """Yield what ModelVectors yields, from the store by the rules in this module's docstring."""
        from_whole = ids is None or len(texts) <= WHOLE * len(ids)
        folder = self._stored(texts, role, dev) if from_whole and len(texts) else None
        if folder is None:
            yield from super().blocks(texts, role, ids=ids, start=start, dev=dev)
            return
        for names, rows in _rows(texts, ids, start):
            yield names, vector_file.read(folder / VECTORS, rows)

    def _stored(self, texts: Mapping[str, str], role: Role, dev: bool) -> Path | None:
        """Return the folder of the vectors of all texts, which are made if they are missing; None if too large."""
        precision = precision_of(self.cell, "query" if dev else "passage")
        key = stored_vectors_key(self.cell, texts_sha256(texts), role, precision)
        if key not in self._outputs:
            self._outputs[key] = self._make(key, texts, role, dev)
        folder = self._outputs[key]
        if folder is not None:
            self.store.note(**_found(folder))
        return folder

    def _make(self, key: str, texts: Mapping[str, str], role: Role, dev: bool) -> Path | None:
        def write(folder: Path) -> None:
            model = self.model(dev)
            encoder = Encoder(model, self.cell.suite.text)
            if 4 * len(texts) * encoder.dimension > LARGEST:
                raise _TooLargeError
            unfinished = self.store.partial(key) / VECTORS

            def blocks_from(row: int) -> Iterator[NDArray[Any]]:
                for _, vectors in embed_blocks(model, texts, role, self.cell, self.store, row):
                    yield vectors

            vector_file.write(unfinished, (len(texts), encoder.dimension), embedding.BLOCK, blocks_from)
            unfinished.replace(folder / VECTORS)
            (folder / FOUND).write_text(json.dumps(encoder.found()), encoding="utf-8")
            self.store.forget(key)

        self.store.progress(f"encode {role}", 0, len(texts))  # shown while this cell waits for another that makes them
        try:
            return self.store.make(STAGE, key, write)
        except _TooLargeError:
            return None


class _TooLargeError(Exception):
    """Vectors that are not stored. Raised while they are made: only then is a model open, which has the dimension."""


def _found(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / FOUND).read_text(encoding="utf-8"))
    return found


def _rows(
    texts: Mapping[str, str], ids: Collection[str] | None, start: int
) -> Iterator[tuple[list[str], slice | Sequence[int]]]:
    """Yield the ids of each block of texts, or of those with `ids`, and their rows among all texts."""
    if ids is None:
        for names, _ in corpus.blocks(texts, embedding.BLOCK, start):
            yield names, slice(start, start + len(names))
            start += len(names)
        return
    chosen = sorted(ids)
    rows = rows_among(texts, chosen)
    for first in range(start, len(chosen), embedding.BLOCK):
        block = slice(first, first + embedding.BLOCK)
        yield chosen[block], rows[block]


def rows_among(texts: Mapping[str, str], ids: Sequence[str]) -> list[int]:
    """Return the rows that texts have in the order of all ids; raises KeyError for an id that has no text."""
    if isinstance(texts, Corpus):
        return [texts.row_of(text_id) for text_id in ids]
    row = {text_id: i for i, text_id in enumerate(sorted(texts))}
    return [row[text_id] for text_id in ids]
