"""The loss module that methods share: it embeds every column and passes the vectors to a pure function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

Mask = Callable[[Tensor], Tensor]  # labels of a batch → True for each pair that is left out


class EmbeddingLoss(nn.Module):
    """A loss with the calling convention of sentence-transformers that computes `function(embeddings, mask)`.

    `embeddings` has one tensor [B, dim] per column of texts, not normalised, in the order of the columns. `mask` is
    computed from the batch's labels; None for a loss that leaves no pair out. The loss has no parameters of its own,
    because a trainer's checkpoint would not contain them (docs/traps.md, T22).
    """

    def __init__(
        self,
        model: SentenceTransformer,
        function: Callable[[list[Tensor], Tensor | None], Tensor],
        mask: Mask | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.function = function
        self.mask = mask

    def forward(self, sentence_features: Iterable[dict[str, Any]], labels: Tensor | None = None) -> Tensor:
        embeddings = [self.model(features)["sentence_embedding"] for features in sentence_features]
        return self.function(embeddings, self._mask(labels))

    def masked_pairs(self, labels: Tensor | None) -> int:
        """Return how many (query, passage) pairs of a batch with these labels are left out."""
        mask = self._mask(labels)
        return 0 if mask is None else int(mask.sum())

    def _mask(self, labels: Tensor | None) -> Tensor | None:
        if self.mask is None:
            return None
        if labels is None:
            raise ValueError("the training rows have no column 'label' with judgments; set mask_relevant to false")
        return self.mask(labels)
