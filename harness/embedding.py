"""Texts to vectors, with every setting that changes a vector made explicit (traps T10 and T12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.cell import Cell
from harness.errors import CellError
from harness.store import Store

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BLOCK = 16_384  # texts encoded at a time; bounds memory, and is part of what fixes the bits
Role = Literal["query", "passage"]


@dataclass(frozen=True)
class Vectors:
    """Unit vectors of texts, row i belonging to `ids[i]`; ids ascending."""

    ids: list[str]
    matrix: NDArray[np.float32]  # [N, dim]


def settings_of(cell: Cell) -> dict[str, Any]:
    """Return what changes a vector besides model and text."""
    return {
        "text": cell.suite.text.model_dump(),
        "batch_size": cell.suite.evaluation.encode_batch_size,
        "block": BLOCK,
        "device": cell.place.device,
        "dtype": "float32",
        "normalize": True,
    }


def open_model(folder: Path, device: str) -> SentenceTransformer:
    """Open a model folder without trusting any code that lies in it."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device=device, trust_remote_code=False)


def embed(model: SentenceTransformer, texts: Mapping[str, str], role: Role, cell: Cell, store: Store) -> Vectors:
    """Return unit vectors of `texts` in the order of their ids; NaN is an error."""
    text = cell.suite.text
    length, prompt = {
        "query": (text.query_max_length, text.query_prompt),
        "passage": (text.passage_max_length, text.passage_prompt),
    }[role]
    ids = sorted(texts)
    model.max_seq_length = length
    dimension = model.get_embedding_dimension()
    assert dimension is not None
    matrix = np.empty((len(ids), dimension), dtype=np.float32)
    for start in range(0, len(ids), BLOCK):
        block = ids[start : start + BLOCK]
        matrix[start : start + len(block)] = model.encode(
            [prompt + texts[name] for name in block],
            batch_size=cell.suite.evaluation.encode_batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        store.progress(f"encode {role}", start + len(block), len(ids))
    if not np.isfinite(matrix).all():
        raise CellError(f"{role} vectors hold NaN or infinity; the training diverged or the model is damaged")
    return Vectors(ids, matrix)
