"""InfoNCE with one positive and sampled hard negatives: the control of CLPL.

    l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_{d ∈ D_i} e^{cos(q_i,d)/τ} )

Published: D_i is {p_i, n_i1 … n_ik}, without in-batch negatives. Corrected: D_i is every passage of the batch.
Source: arXiv 2412.17364 and its code, where "random dataset" and "ANCE dataset" differ only in the negatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

VERSION = 1
EQUATION = """\
l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_{d ∈ D_i} e^{cos(q_i,d)/τ} )
q_i, p_i   vectors of query i of the batch and of its passage
D_i        p_i and every other passage of the batch, drawn negatives too; without in_batch p_i and its own k negatives
k          negatives (4 unless set)
τ          temperature (0.02 unless set)"""
Row = tuple[str, str, list[str]]  # query id, relevant passage id, ids of the drawn negatives


def contrastive_loss(
    anchors: Tensor, positives: Tensor, negatives: Sequence[Tensor], temperature: float, in_batch: bool
) -> Tensor:
    """Return InfoNCE of unit vectors; `anchors`, `positives` and each of `negatives` are [B, dim].

    With `in_batch`, every positive and negative of the batch is a candidate for every anchor: [B, B(1+k)].
    """
    import torch
    from torch.nn import functional

    if in_batch:
        candidates = torch.cat([positives, *negatives])  # [B(1+k), dim]
        similarities = anchors @ candidates.T  # [B, B(1+k)]
        targets = torch.arange(len(anchors), device=anchors.device)
    else:
        candidates = torch.stack([positives, *negatives], dim=1)  # [B, 1+k, dim]
        similarities = torch.einsum("bd,bcd->bc", anchors, candidates)
        targets = torch.zeros(len(anchors), dtype=torch.long, device=anchors.device)
    return functional.cross_entropy(similarities / temperature, targets)


def infonce(embeddings: Sequence[Tensor], temperature: float, in_batch: bool) -> Tensor:
    """Return the loss of the columns anchor, positive and negatives, which are normalised here."""
    from torch.nn import functional

    anchors, positives, *negatives = (functional.normalize(column, dim=-1) for column in embeddings)
    return contrastive_loss(anchors, positives, negatives, temperature, in_batch)


def draw_rows(data: TrainingData, negatives: int) -> list[Row]:
    """Return (query id, passage id, sampled negatives) for each training pair.

    The sample is drawn once for all epochs, or in each if the training data are those of an epoch. The published code
    draws in every epoch, from the global generator. If fewer negatives were mined than requested, they repeat, as in
    the published code.
    """
    rng = data.rng("negatives")
    rows = []
    for query, doc in data.pairs():
        mined = list(data.negatives[query])
        pool = mined * -(-negatives // len(mined)) if mined else []
        if pool:
            rows.append((query, doc, rng.sample(pool, negatives)))
    return rows


def text_columns(data: TrainingData, rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the texts of the rows as columns anchor, positive, negative_1 … negative_k."""
    passages, queries = data.passages, data.queries
    texts = {
        "anchor": [queries[query] for query, _, _ in rows],
        "positive": [passages[doc] for _, doc, _ in rows],
    }
    negatives = zip(*(docs for _, _, docs in rows), strict=True)
    return texts | {f"negative_{k}": [passages[doc] for doc in docs] for k, docs in enumerate(negatives, start=1)}


@dataclass(frozen=True)
class InfoNCE:
    """`temperature` 0.02 and 4 negatives (train_group_size 5) are the published values."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.HARD_NEGATIVES})
    family: ClassVar[Family] = "ranking"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.02
    negatives: int = 4
    in_batch: bool = True

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")
        if self.negatives < 1:
            raise ValueError(f"negatives {self.negatives} must be at least 1")

    def examples(self, data: TrainingData) -> Dataset:
        """Return anchor, positive, negative_1 … negative_k."""
        from datasets import Dataset

        return Dataset.from_dict(text_columns(data, draw_rows(data, self.negatives)))

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return InfoNCE over the sampled negatives and, with `in_batch`, those of the batch."""
        from methods._loss import EmbeddingLoss

        return EmbeddingLoss(model, lambda embeddings, _: infonce(embeddings, self.temperature, self.in_batch))


PLUGIN = InfoNCE
