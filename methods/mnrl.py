"""Multiple negatives ranking: every other passage of the batch is a negative.

    l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_j e^{cos(q_i,p_j)/τ} )          (Henderson et al. 2017, arXiv 1705.00652)

The loss is MultipleNegativesRankingLoss of sentence-transformers with scale 1/τ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

EQUATION = """\
l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_j e^{cos(q_i,p_j)/τ} )
q_i, p_i   vectors of query i of the batch and of its passage
j          over all passages of the batch
τ          temperature (0.05 unless set)"""


@dataclass(frozen=True)
class MNRL:
    """In-batch negatives only; `temperature` 0.05 is the library's default scale of 20."""

    needs: ClassVar[frozenset[Need]] = frozenset()
    family: ClassVar[Family] = "ranking"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")

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

        return MultipleNegativesRankingLoss(model, scale=1 / self.temperature)


PLUGIN = MNRL
