"""The one loss module of this folder: embed every column, hand the vectors to a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sentence_transformers import SentenceTransformer
from torch import Tensor, nn


class EmbeddingLoss(nn.Module):
    """A loss of sentence-transformers' convention whose maths is `function(embeddings, labels)`.

    `embeddings` holds one tensor [B, dim] a column, not normalised, in the order of the columns; it owns no
    parameter (trap T22).
    """

    def __init__(self, model: SentenceTransformer, function: Callable[[list[Tensor], Tensor | None], Tensor]) -> None:
        super().__init__()
        self.model = model
        self.function = function

    def forward(self, sentence_features: Iterable[dict[str, Any]], labels: Tensor | None = None) -> Tensor:
        embeddings = [self.model(features)["sentence_embedding"] for features in sentence_features]
        return self.function(embeddings, labels)
