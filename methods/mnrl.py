"""Multiple negatives ranking: the other passages of the batch are the negatives.

    l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_{j ∈ J_i} e^{cos(q_i,p_j)/τ} )  (Henderson et al. 2017, arXiv 1705.00652)

J_i leaves out the passages that a training judgment calls relevant to query i besides p_i. Without this, or where the
batch has none, it is MultipleNegativesRankingLoss of sentence-transformers with scale 1/τ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData
from methods._judgments import judged_labels, relevance_mask, relevant_texts
from methods.infonce import infonce

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

EQUATION = """\
l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_{j ∈ J_i} e^{cos(q_i,p_j)/τ} )
q_i, p_i   vectors of query i of the batch and of its passage
J_i        all passages of the batch, without those known to be relevant to query i besides p_i unless mask_relevant
           is false
τ          temperature (0.05 unless set)"""


@dataclass(frozen=True)
class MNRL:
    """In-batch negatives only; `temperature` 0.05 is the library's default scale of 20."""

    needs: ClassVar[frozenset[Need]] = frozenset()
    family: ClassVar[Family] = "ranking"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.05
    mask_relevant: bool = True

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")

    def examples(self, data: TrainingData) -> Dataset:
        """Return one row per (training query, relevant passage), with the judgments as `label` if `mask_relevant`."""
        from datasets import Dataset

        pairs = data.pairs()
        texts = {
            "anchor": [data.queries[query] for query, _ in pairs],
            "positive": [data.passages[doc] for _, doc in pairs],
        }
        labels = judged_labels(texts, relevant_texts(data)) if self.mask_relevant else {}
        return Dataset.from_dict(texts | labels)

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return InfoNCE over the passages of the batch."""
        from methods._loss import EmbeddingLoss

        mask = partial(relevance_mask, passages=1, in_batch=True)
        return EmbeddingLoss(
            model,
            lambda embeddings, mask: infonce(embeddings, self.temperature, True, mask),
            mask if self.mask_relevant else None,
        )


PLUGIN = MNRL
