"""Encoding texts to vectors, with every setting that changes a vector explicit (docs/traps.md, T10 and T12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.data import corpus
from harness.errors import CellError
from harness.machine import determinism
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Precision
from harness.vectors.device_feed import ahead
from harness.vectors.devices import encoded
from harness.vectors.encoder import Encoder, Prepared, Role, open_model
from harness.vectors.token_batches import Budget, budget

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BLOCK = 16 * corpus.BATCH  # texts sorted together; bounds memory and, with the budget, decides the last bits
BLOCKS_AHEAD = 1  # tokenised while an accelerator computes the one before


@dataclass(frozen=True)
class Vectors:
    """Vectors of texts, of unit length where the model compares by cosine: row i belongs to `ids[i]`; ids ascend."""

    ids: list[str]
    matrix: NDArray[np.float32]  # [N, dim]


def settings_of(cell: Cell) -> dict[str, Any]:
    """Return all settings that change a vector, for the keys of stages: everything but model and texts."""
    return {
        "text": cell.suite.text.model_dump(exclude={"title", "train_passage_max_length"}),
        "batch": astuple(budget_of(cell)),
        "block": BLOCK,
        "device": cell.place.device,
        "precision": precision_of(cell, "passage"),
        **_of_queries(cell),
        "normalize": True,  # where the model compares by cosine: its files, which are in the stage's inputs, say that
        **determinism.thread_settings(),
    }


def budget_of(cell: Cell) -> Budget:
    """Return what a batch of texts holds at most."""
    return budget(cell.suite.evaluation, cell.suite.text, cell.place.device)


def precision_of(cell: Cell, role: Role) -> Precision:
    """Return the precision of the encoder for passages, or for the dev queries."""
    evaluation = cell.suite.evaluation
    return evaluation.query_precision or evaluation.precision if role == "query" else evaluation.precision


def _of_queries(cell: Cell) -> dict[str, Any]:
    """Return the precision for the dev queries where it is not that for passages."""
    precision = precision_of(cell, "query")
    return {} if precision == precision_of(cell, "passage") else {"query_precision": precision}


def open_encoder(folder: Path, cell: Cell, role: Role = "passage") -> SentenceTransformer:
    """Open a model folder for encoding, in the suite's precision for passages or for the dev queries."""
    return open_model(folder, cell.place.device, precision_of(cell, role))


def embed(model: SentenceTransformer, texts: Mapping[str, str], role: Role, cell: Cell, store: Store) -> Vectors:
    """Return the vectors of all `texts` in the order of their ids; raises CellError on NaN or infinity."""
    matrix = np.empty((len(texts), Encoder(model, cell.suite.text).dimension), dtype=np.float32)
    ids: list[str] = []
    for block_ids, vectors in embed_blocks(model, texts, role, cell, store):
        matrix[len(ids) : len(ids) + len(block_ids)] = vectors
        ids += block_ids
    return Vectors(ids, matrix)


def embed_blocks(
    model: SentenceTransformer, texts: Mapping[str, str], role: Role, cell: Cell, store: Store, start: int = 0
) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """Yield the ids and vectors [≤ BLOCK, dim] of each block, in the order of the ids; NaN is a CellError.

    `start`, a multiple of BLOCK, is the row of the first text; it does not change the bits of later blocks. Several
    blocks are encoded on the cell's `encode_devices` at once, to the same bytes.
    """
    encoder = Encoder(model, cell.suite.text)
    store.note(**encoder.found())
    done = start
    blocks = ahead(_prepared(encoder, texts, role, cell, start), cell.place.device, BLOCKS_AHEAD)
    devices = cell.place.encode_devices if len(texts) - start > BLOCK else ()
    if devices:
        store.note(encode_devices=list(devices))
    for ids, vectors in encoded(blocks, encoder, devices):
        if not np.isfinite(vectors).all():
            raise CellError(f"{role} vectors contain NaN or infinity; the training diverged or the model is damaged")
        done += len(ids)
        store.progress(f"encode {role}", done, len(texts))
        yield ids, vectors


def _prepared(
    encoder: Encoder, texts: Mapping[str, str], role: Role, cell: Cell, start: int
) -> Iterator[tuple[list[str], Prepared]]:
    """Yield the ids and token ids of each block."""
    for ids, block in corpus.blocks(texts, BLOCK, start):
        yield ids, encoder.prepared(block, role, budget_of(cell))
