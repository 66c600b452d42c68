"""Symmetric MNRL: in-batch negatives from queries to passages and from passages to queries.

The loss is sentence-transformers' MultipleNegativesRankingLoss in both directions; training rows and temperature are
those of `mnrl`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.mnrl import MNRL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn


@dataclass(frozen=True)
class PLUGIN(MNRL):
    """`temperature` 0.05 is the library's scale of 20."""

    equation: ClassVar[str] = """\
l_i = -½ log( e^{cos(q_i,p_i)/τ} / Σ_j e^{cos(q_i,p_j)/τ} ) - ½ log( e^{cos(q_i,p_i)/τ} / Σ_j e^{cos(q_j,p_i)/τ} )
q_i, p_i   vectors of query i of the batch and of its passage
j          over all rows of the batch
τ          temperature (0.05 unless set)"""

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the library's loss."""
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        return MultipleNegativesRankingLoss(
            model,
            scale=1 / self.temperature,
            directions=("query_to_doc", "doc_to_query"),
            partition_mode="per_direction",
        )
