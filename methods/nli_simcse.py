"""Supervised SimCSE on NLI: entailment is the positive, contradiction the hard negative.

    l_i = -log( e^{cos(h_i,h_i+)/τ} / Σ_j( e^{cos(h_i,h_j+)/τ} + e^{cos(h_i,h_j-)/τ} ) )    (Gao et al. 2021, arXiv
    2104.08821, as in arXiv 2308.03103 for retrieval)

With one hard negative this is MultipleNegativesRankingLoss of sentence-transformers with scale 1/τ = 20, which is used
here. It reads no training query of the suite.
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
l_i = -log( e^{cos(h_i,h_i+)/τ} / Σ_j( e^{cos(h_i,h_j+)/τ} + e^{cos(h_i,h_j-)/τ} ) )
h_i          vector of premise i of the batch
h_i+, h_i-   vectors of its entailment and of its contradiction
τ            temperature (0.05 unless set)"""


@dataclass(frozen=True)
class NliSimCSE:
    """`temperature` 0.05 as in princeton-nlp/SimCSE."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.NLI})
    family: ClassVar[Family] = "nli"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.05

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")

    def examples(self, data: TrainingData) -> Dataset:
        """Return one row per NLI triple of the suite."""
        from datasets import Dataset

        triples = data.data.nli
        return Dataset.from_dict(
            {
                "anchor": [triple.premise for triple in triples],
                "positive": [triple.entailment for triple in triples],
                "negative": [triple.contradiction for triple in triples],
            }
        )

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the library's loss over the positives and hard negatives of the batch."""
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        return MultipleNegativesRankingLoss(model, scale=1 / self.temperature)


PLUGIN = NliSimCSE
