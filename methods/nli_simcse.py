"""Supervised SimCSE on NLI: entailment is the positive, contradiction the hard negative.

    l_i = -log( e^{cos(h_i,h_i+)/τ} / Σ_j( e^{cos(h_i,h_j+)/τ} + e^{cos(h_i,h_j-)/τ} ) )    (Gao et al. 2021, arXiv
    2104.08821, as in arXiv 2308.03103 for retrieval)

This is InfoNCE with one hard negative. A sentence that a triple calls entailed by premise i is not its negative (the
published code leaves none out); without such sentences in the batch it is MultipleNegativesRankingLoss of
sentence-transformers with scale 1/τ = 20. It reads no training query of the suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData
from methods._judgments import judged_labels, relevance_mask
from methods.infonce import infonce

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

EQUATION = """\
l_i = -log( e^{cos(h_i,h_i+)/τ} / Σ_j( e^{cos(h_i,h_j+)/τ} + e^{cos(h_i,h_j-)/τ} ) )
h_i          vector of premise i of the batch
h_i+, h_i-   vectors of its entailment and of its contradiction
j            over the batch, without sentences known to be entailed by premise i besides h_i+ unless mask_relevant is
             false
τ            temperature (0.05 unless set)"""


@dataclass(frozen=True)
class NliSimCSE:
    """`temperature` 0.05 as in princeton-nlp/SimCSE."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.NLI})
    family: ClassVar[Family] = "nli"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.05
    mask_relevant: bool = True

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")

    def examples(self, data: TrainingData) -> Dataset:
        """Return one row per NLI triple of the suite, with the known entailments as `label` if `mask_relevant`."""
        from datasets import Dataset

        triples = data.data.nli
        texts = {
            "anchor": [triple.premise for triple in triples],
            "positive": [triple.entailment for triple in triples],
            "negative": [triple.contradiction for triple in triples],
        }
        entailed = ((triple.premise, triple.entailment) for triple in triples)
        return Dataset.from_dict(texts | (judged_labels(texts, entailed) if self.mask_relevant else {}))

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return InfoNCE over the positives and hard negatives of the batch."""
        from methods._loss import EmbeddingLoss

        mask = partial(relevance_mask, passages=2, in_batch=True)
        return EmbeddingLoss(
            model,
            lambda embeddings, mask: infonce(embeddings, self.temperature, True, mask),
            mask if self.mask_relevant else None,
        )


PLUGIN = NliSimCSE
