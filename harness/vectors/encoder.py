"""A model opened from its folder, and the vectors of texts in a role: what the library's own calls return.

Every stage, MTEB and the evaluations in training open and read models here. A query is read as `encode_query` reads it
and a passage as `encode_document` does, with the suite's prompt and length; the route of a `Router`, pooling without
the prompt, further modules and `truncate_dim` are the model's. Vectors have unit length where the model compares by
cosine, and their own length where it compares by dot product, so that an inner product is its similarity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.data.model_declaration import COSINE, check_similarity
from harness.request.manifest import Precision, Text
from harness.vectors import as_found
from harness.vectors.device_feed import on_device
from harness.vectors.lengths import cut_at
from harness.vectors.token_batches import Budget, Tokenised, tokenised

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Role = Literal["query", "passage"]
TASKS: Mapping[Role | None, str | None] = {"query": "query", "passage": "document", None: None}  # the library's names


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
class Prepared:
    """Texts of a role, ready for the network; `tokens` is None where the library's `encode` reads the texts itself."""

    texts: list[str]
    role: Role | None
    budget: Budget
    tokens: Tokenised | None


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

    def encode(self, texts: Sequence[str], role: Role | None, budget: Budget) -> NDArray[np.float32]:
        """Return the vectors [N, dim] of the texts."""
        return self.vectors(self.prepared(texts, role, budget))

    def prepared(self, texts: Sequence[str], role: Role | None, budget: Budget) -> Prepared:
        """Return the texts as token ids; the model's network is not used."""
        tokens = tokenised(self.model, texts, self.prompt(role), TASKS[role], self.length(role))
        return Prepared(list(texts), role, budget, tokens)

    def vectors(self, prepared: Prepared) -> NDArray[np.float32]:
        """Return the vectors [N, dim] of texts that `prepared` returned."""
        vectors = self._by_library(prepared) if prepared.tokens is None else self._by_tokens(prepared, prepared.tokens)
        if as_found.dtypes(self.model) == "float32" or not len(vectors):
            return vectors
        vectors = vectors.astype(np.float32)
        if self.normalized:  # half precision is too coarse for unit length
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _by_tokens(self, prepared: Prepared, tokens: Tokenised) -> NDArray[np.float32]:
        """Return the vectors by batches of a budget of tokens: what `encode` computes of each batch."""
        import torch
        from sentence_transformers.util import truncate_embeddings

        self.model.eval()
        device = self.model.device
        task = TASKS[prepared.role]
        options = {} if task is None else {"task": task}
        places, outputs = [], []
        with torch.inference_mode():
            for rows, features in on_device(tokens.batches(prepared.budget), device):
                places.append(rows)
                output = self.model(features, **options)["sentence_embedding"]
                if self.model.truncate_dim is not None:
                    output = truncate_embeddings(output, self.model.truncate_dim)
                outputs.append(torch.nn.functional.normalize(output, p=2, dim=1) if self.normalized else output)
            vectors = torch.cat(outputs)
            unsorted = torch.from_numpy(np.argsort(np.concatenate(places))).to(device)
            matrix = vectors[unsorted].cpu()
        return (matrix if matrix.dtype != torch.bfloat16 else matrix.float()).numpy()

    def _by_library(self, prepared: Prepared) -> NDArray[np.float32]:
        """Return the vectors by the library's own `encode`, in batches of at most the budget of full-length texts."""
        calls: dict[Role | None, Callable[..., Any]] = {
            "query": self.model.encode_query,
            "passage": self.model.encode_document,
            None: self.model.encode,
        }
        length = self.length(prepared.role)
        with cut_at(self.model, length):
            vectors: NDArray[np.float32] = calls[prepared.role](
                prepared.texts,
                prompt=self.prompt(prepared.role),  # "" is none; without the argument the model's own would be used
                batch_size=max(1, min(prepared.budget.texts, prepared.budget.tokens // length)),
                normalize_embeddings=self.normalized,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return vectors

    def found(self) -> dict[str, Any]:
        """Return what the loaded model computes with, and the prompts that its texts are given."""
        return {
            **as_found.arithmetic(self.model),
            "prompts": {"query": self.prompt("query"), "passage": self.prompt("passage")},
            "normalized": self.normalized,
        }
