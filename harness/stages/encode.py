"""Encode: the vectors of a cell's dev queries and passages under its model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.cell import Cell
from harness.embedding import Vectors, embed, open_model, settings_of
from harness.keys import key
from harness.stages import prepare, train
from harness.store import Store
from harness.types import Data

VERSION = 1


def key_of(cell: Cell) -> str:
    """Return the key of a cell's passage and query vectors."""
    inputs = [train.key_of(cell), prepare.key_of(cell.suite, cell.language)]
    return key("encode", VERSION, inputs, settings_of(cell))


def encode(cell: Cell, model_folder: Path, data: Data, store: Store) -> tuple[Vectors, Vectors]:
    """Return the vectors of the dev queries and of all passages; the latter stay on disk."""
    queries = {query: data.queries[query] for query in data.dev}

    def write(folder: Path) -> None:
        model = open_model(model_folder, cell.place.device)
        np.save(folder / "queries.npy", embed(model, queries, "query", cell, store).matrix)
        np.save(folder / "passages.npy", embed(model, data.passages, "passage", cell, store).matrix)

    folder = store.make("encode", key_of(cell), write)
    return (
        Vectors(sorted(queries), np.load(folder / "queries.npy")),
        Vectors(sorted(data.passages), np.load(folder / "passages.npy", mmap_mode="r")),
    )
