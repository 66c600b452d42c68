"""Symmetric MNRL: in-batch negatives from queries to passages and from passages to queries.

The loss is sentence-transformers' MultipleNegativesRankingLoss in both directions; the training rows are one per query
and relevant passage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn


@dataclass(frozen=True)
class Symmetric:
    """`temperature` 0.05 is the library's scale of 20."""

    needs: ClassVar[frozenset[Need]] = frozenset()  # nothing besides queries and relevant passages
    family: ClassVar[Family] = "ranking"  # the suite's training settings for rankings
    equation: ClassVar[str] = """\
l_i = -½ log( e^{cos(q_i,p_i)/τ} / Σ_j e^{cos(q_i,p_j)/τ} ) - ½ log( e^{cos(q_i,p_i)/τ} / Σ_j e^{cos(q_j,p_i)/τ} )
q_i, p_i   vectors of query i of the batch and of its passage
j          over all rows of the batch
τ          temperature (0.05 unless set)"""
    temperature: float = 0.05

    def examples(self, data: TrainingData) -> Dataset:
        """Return one row per (training query, relevant passage)."""
        from datasets import Dataset

        pairs = data.pairs()
        return Dataset.from_dict(
            {
                "anchor": [data.queries[query] for query, _ in pairs],
                "positive": [data.passages[doc] for _, doc in pairs],
            }
        )

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the library's loss."""
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        return MultipleNegativesRankingLoss(
            model,
            scale=1 / self.temperature,
            directions=("query_to_doc", "doc_to_query"),
            partition_mode="per_direction",
        )


PLUGIN = Symmetric
