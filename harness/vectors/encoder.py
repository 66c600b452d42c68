"""A model opened from its folder, and the vectors of texts in a role: what the library's own calls return.

Every stage, MTEB and the evaluations in training open and read models here. A query is read as `encode_query` reads it
and a passage as `encode_document` does, with the suite's prompt and length; the route of a `Router`, pooling without
the prompt, further modules and `truncate_dim` are the model's. Vectors have unit length where the model compares by
cosine, and their own length where it compares by dot product, so that an inner product is its similarity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.data.model_declaration import COSINE, check_similarity
from harness.request.manifest import Precision, Text
from harness.vectors import as_found
from harness.vectors.lengths import cut_at

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Role = Literal["query", "passage"]


def open_model(folder: Path, device: str, precision: Precision = "float32") -> SentenceTransformer:
    """Open a model folder without running code from it, its weights in `precision` whatever its files hold.

    Raises RequestError for a similarity that is neither cosine nor dot product.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    dtype = getattr(torch, precision)
    model = SentenceTransformer(
        str(folder), device=device, trust_remote_code=False, model_kwargs={"dtype": dtype}
    )  # when they are loaded: a half-precision network would round the modules after it too
    for parameter in model.parameters():  # of modules that are not networks of transformers
        if parameter.is_floating_point() and parameter.dtype != dtype:
            parameter.data = parameter.data.to(dtype)
    check_similarity(model.similarity_fn_name, f"model {folder}")
    return model


@dataclass(frozen=True)
class Encoder:
    """A model, read with a suite's prompts and lengths; `None` is the role of a text that is neither."""

    model: SentenceTransformer
    text: Text

    @property
    def normalized(self) -> bool:
        """Whether vectors have unit length."""
        return self.model.similarity_fn_name == COSINE

    @property
    def dimension(self) -> int:
        """The number of components of a vector, after `truncate_dim`."""
        dimension = self.model.get_embedding_dimension()
        assert dimension is not None
        return dimension

    def prompt(self, role: Role | None) -> str:
        """Return what is put before a text; without a role nothing, or the default prompt of a model that has its own.

        `Text.prompts` says whether prompts are the model's own.
        """
        if role is not None:
            return self.text.query_prompt if role == "query" else self.text.passage_prompt
        default = self.model.default_prompt_name if self.text.prompts == "model" else None
        return (self.model.prompts.get(default) or "") if default else ""

    def length(self, role: Role | None) -> int:
        """Return the number of tokens at which a text is cut; the longer of the two without a role."""
        lengths = {"query": self.text.query_max_length, "passage": self.text.passage_max_length}
        return max(lengths.values()) if role is None else lengths[role]

    def encode(self, texts: Sequence[str], role: Role | None, batch_size: int) -> NDArray[np.float32]:
        """Return the vectors [N, dim] of the texts."""
        calls: dict[Role | None, Callable[..., Any]] = {
            "query": self.model.encode_query,
            "passage": self.model.encode_document,
            None: self.model.encode,
        }
        with cut_at(self.model, self.length(role)):
            vectors: NDArray[np.float32] = calls[role](
                list(texts),
                prompt=self.prompt(role),  # "" is none; without the argument the model's own would be used
                batch_size=batch_size,
                normalize_embeddings=self.normalized,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        if as_found.dtypes(self.model) == "float32" or not len(texts):
            return vectors
        vectors = vectors.astype(np.float32)
        if self.normalized:  # half precision is too coarse for unit length
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def found(self) -> dict[str, Any]:
        """Return what the loaded model computes with, and the prompts that its texts are given."""
        return {
            **as_found.arithmetic(self.model),
            "prompts": {"query": self.prompt("query"), "passage": self.prompt("passage")},
            "normalized": self.normalized,
        }
