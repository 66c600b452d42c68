"""The loss module that methods share: it embeds every column and passes the vectors to a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sentence_transformers import SentenceTransformer
from torch import Tensor, nn


class EmbeddingLoss(nn.Module):
    """A loss with the calling convention of sentence-transformers that computes `function(embeddings, labels)`.

    `embeddings` has one tensor [B, dim] per column, not normalised, in the order of the columns. The loss has no
    parameters of its own, because a trainer's checkpoint would not contain them (docs/traps.md, T22).
    """

    def __init__(self, model: SentenceTransformer, function: Callable[[list[Tensor], Tensor | None], Tensor]) -> None:
        super().__init__()
        self.model = model
        self.function = function

    def forward(self, sentence_features: Iterable[dict[str, Any]], labels: Tensor | None = None) -> Tensor:
        embeddings = [self.model(features)["sentence_embedding"] for features in sentence_features]
        return self.function(embeddings, labels)
