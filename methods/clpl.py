"""CLPL: contrastive learning with a penalty loss (arXiv 2412.17364, code CreaLabs/Enhanced-BGE-M3-with-CLP-and-MoE).

    L = (1-λ) · InfoNCE(q, p+, n; τ) + λ · mean_{i,j}( 1 - cos(h(q*_ij), h(n_ij)) )

q*_ij is a query that the negative n_ij answers: a passage that is pushed away from q is kept near its own query.

Departures of the published code from the paper, and the choice made here:
* The printed formula sums the penalty, has the opposite sign if read literally, and weights it by λ(1-λ). The code
  takes the mean with weight λ, and so does this method.
* The published code runs only at batch size 1. Here any batch size works: the penalty is the mean over every (negative,
  negative query).
* The published code cuts negative queries at the length of passages (`negative_query_length = "passage"`).
* Published: no in-batch negatives (`in_batch = false`). Corrected: in-batch and hard negatives, without the passages
  that a training judgment calls relevant to the query (`mask_relevant`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from harness.types import Family, Need, TrainingData
from methods._judgments import judged_labels, relevance_mask, relevant_texts
from methods.infonce import contrastive_loss, draw_rows, text_columns

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

EQUATION = """\
L = (1-λ) · InfoNCE(q, p+, n; τ) + λ · mean_{i,j}( 1 - cos(h(q*_ij), h(n_ij)) )
InfoNCE = mean_i -log( e^{cos(h(q_i),h(p_i+))/τ} / Σ_{d ∈ D_i} e^{cos(h(q_i),h(d))/τ} )
h             the encoder
q_i, p_i+     query i of the batch and its passage
n_ij, q*_ij   drawn negative j of query i, and a query that this negative answers
D_i           p_i+ and every other passage of the batch, all n too; without in_batch p_i+ and its own n_ij;
              no passage that is known to be relevant to query i besides p_i+, unless mask_relevant is false
λ             penalty_weight (0.1 unless set)
τ             temperature (0.02 unless set)"""


def penalty(negatives: Sequence[Tensor], negative_queries: Sequence[Tensor]) -> Tensor:
    """Return mean_{i,j}(1 - cos) over unit vectors [B, dim] of each negative and of the query that it answers."""
    import torch

    left, right = torch.stack(list(negatives)), torch.stack(list(negative_queries))  # [k, B, dim]
    return (1 - (left * right).sum(dim=-1)).mean()


def clpl(embeddings: Sequence[Tensor], settings: CLPL, mask: Tensor | None = None) -> Tensor:
    """Return the loss of the columns anchor, positive, k negatives and k negative queries, not normalised.

    `mask` is that of `contrastive_loss`; the penalty is over every negative, masked or not.
    """
    from torch.nn import functional

    anchors, positives, *others = (functional.normalize(column, dim=-1) for column in embeddings)
    negatives, queries = others[: settings.negatives], others[settings.negatives :]
    contrastive = contrastive_loss(anchors, positives, negatives, settings.temperature, settings.in_batch, mask=mask)
    weight = settings.penalty_weight
    return (1 - weight) * contrastive + weight * penalty(negatives, queries)


@dataclass(frozen=True)
class CLPL:
    """`temperature` 0.02, 4 negatives and λ = 0.1 are the published values; the penalty has no temperature."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.HARD_NEGATIVES, Need.NEGATIVE_QUERIES})
    family: ClassVar[Family] = "ranking"
    equation: ClassVar[str] = EQUATION
    temperature: float = 0.02
    negatives: int = 4
    penalty_weight: float = 0.1
    in_batch: bool = True
    mask_relevant: bool = True
    negative_query_length: Literal["query", "passage"] = "query"

    def __post_init__(self) -> None:
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")
        if self.negatives < 1:
            raise ValueError(f"negatives {self.negatives} must be at least 1")
        if self.negative_query_length not in ("query", "passage"):
            raise ValueError(f"negative_query_length '{self.negative_query_length}' must be query or passage")
        if not 0 <= self.penalty_weight <= 1:
            raise ValueError(f"penalty_weight {self.penalty_weight} must be between 0 and 1")

    def examples(self, data: TrainingData) -> Dataset:
        """Return anchor, positive, negative_1 … negative_k, and the queries that these answer.

        The latter are query_1 … query_k, or negative_query_1 … where they are cut at the length of passages. With
        `mask_relevant`, the judgments follow as `label`.
        """
        from datasets import Dataset

        rows = draw_rows(data, self.negatives)
        rng = data.rng("negative_queries")
        column = "query" if self.negative_query_length == "query" else "negative_query"
        queries = {
            f"{column}_{k + 1}": [rng.choice(data.queries_of_negative(query, docs[k])) for query, _, docs in rows]
            for k in range(self.negatives)
        }
        texts = text_columns(data, rows)
        labels = judged_labels(texts, relevant_texts(data)) if self.mask_relevant else {}
        return Dataset.from_dict(texts | queries | labels)

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the loss of the equation above."""
        from methods._loss import EmbeddingLoss

        mask = partial(relevance_mask, passages=1 + self.negatives, in_batch=self.in_batch)
        return EmbeddingLoss(
            model, lambda embeddings, mask: clpl(embeddings, self, mask), mask if self.mask_relevant else None
        )


PLUGIN = CLPL
