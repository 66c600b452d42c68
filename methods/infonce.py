"""InfoNCE with one positive and sampled hard negatives: the control of CLPL.

    l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_{d ∈ D_i} e^{cos(q_i,d)/τ} )

Published: D_i is {p_i, n_i1 … n_ik}, without in-batch negatives. Corrected: D_i is p_i and every passage of the batch
that no training judgment calls relevant to the query.
Source: arXiv 2412.17364 and its code, where "random dataset" and "ANCE dataset" differ only in the negatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData
from methods._judgments import judged_labels, relevance_mask, relevant_texts

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

EQUATION = """\
l_i = -log( e^{cos(q_i,p_i)/τ} / Σ_{d ∈ D_i} e^{cos(q_i,d)/τ} )
q_i, p_i   vectors of query i of the batch and of its passage
D_i        p_i and every other passage of the batch, drawn negatives too; without in_batch p_i and its own k negatives;
           no passage that is known to be relevant to query i besides p_i, unless mask_relevant is false
k          negatives (4 unless set)
τ          temperature (0.02 unless set)"""
Row = tuple[str, str, list[str]]  # query id, relevant passage id, ids of the drawn negatives


def contrastive_loss(
    anchors: Tensor,
    positives: Tensor,
    negatives: Sequence[Tensor],
    temperature: float,
    in_batch: bool,
    *,
    mask: Tensor | None = None,
) -> Tensor:
    """Return InfoNCE of unit vectors; `anchors`, `positives` and each of `negatives` are [B, dim].

    With `in_batch`, every positive and negative of the batch is a candidate for every anchor: [B, B(1+k)]; without, the
    positive and negatives of its own row: [B, 1+k]. A candidate that `mask` marks, of that shape, has the logit -∞: it
    adds nothing to the loss and gets no gradient from this anchor.
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
    logits = similarities / temperature
    if mask is not None:
        logits = logits.masked_fill(mask, -torch.inf)
    return functional.cross_entropy(logits, targets)


def infonce(embeddings: Sequence[Tensor], temperature: float, in_batch: bool, mask: Tensor | None = None) -> Tensor:
    """Return the loss of the columns anchor, positive and negatives, which are normalised here."""
    from torch.nn import functional

    anchors, positives, *negatives = (functional.normalize(column, dim=-1) for column in embeddings)
    return contrastive_loss(anchors, positives, negatives, temperature, in_batch, mask=mask)


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
    """`temperature` 0.02 and 4 negatives (train_group_size 5) are the published values; published masks nothing."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.HARD_NEGATIVES})
    family: ClassVar[Family] = "ranking"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.02
    negatives: int = 4
    in_batch: bool = True
    mask_relevant: bool = True

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")
        if self.negatives < 1:
            raise ValueError(f"negatives {self.negatives} must be at least 1")

    def examples(self, data: TrainingData) -> Dataset:
        """Return anchor, positive, negative_1 … negative_k, and the judgments as `label` if `mask_relevant`."""
        from datasets import Dataset

        texts = text_columns(data, draw_rows(data, self.negatives))
        labels = judged_labels(texts, relevant_texts(data)) if self.mask_relevant else {}
        return Dataset.from_dict(texts | labels)

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return InfoNCE over the sampled negatives and, with `in_batch`, those of the batch."""
        from methods._loss import EmbeddingLoss

        mask = partial(relevance_mask, passages=1 + self.negatives, in_batch=self.in_batch)
        return EmbeddingLoss(
            model,
            lambda embeddings, mask: infonce(embeddings, self.temperature, self.in_batch, mask),
            mask if self.mask_relevant else None,
        )


PLUGIN = InfoNCE
