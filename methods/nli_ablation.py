"""One side of supervised SimCSE on NLI: only the entailments are positives, or only the contradictions negatives.

    l_i = -log( e^{cos(h_i,x_i)/τ} / Σ_{d ∈ D_i} e^{cos(h_i,d)/τ} )

    kept = "entailments"      x_i = h_i+; D_i is x_i and the other entailments of the batch
    kept = "contradictions"   x_i = h_i;  D_i is x_i, the other premises and all contradictions of the batch

arXiv 2308.03103 trains on both and leaves the two sides open, so this is our interpretation of them. With
contradictions alone, a premise needs some positive: it is the premise itself, as in unsupervised SimCSE (arXiv
2104.08821, equation 4). There the two vectors of a sentence differ by dropout. In a suite that trains without dropout
they are equal: their cosine is the constant 1, and nothing is drawn together, only driven apart. A sentence that a
triple calls entailed by premise i, or the premise itself, is not its negative (published: none left out). It reads no
training query of the suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from harness.types import Family, Need, NliTriple, TrainingData
from methods._judgments import judged_labels, relevance_mask
from methods.infonce import infonce

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

Kept = Literal["entailments", "contradictions"]

EQUATION = """\
l_i = -log( e^{cos(h_i,x_i)/τ} / Σ_{d ∈ D_i} e^{cos(h_i,d)/τ} )
h_i    vector of premise i of the batch
x_i    of its entailment, or where kept is "contradictions" of the premise itself
D_i    x_i and those of the other rows; where kept is "contradictions" with all contradictions of the batch; without
       sentences known to be entailed by premise i besides x_i unless mask_relevant is false
kept   kept (entailments unless set)
τ      temperature (0.05 unless set)"""


@dataclass(frozen=True)
class NliAblation:
    """`temperature` 0.05 as in princeton-nlp/SimCSE."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.NLI})
    family: ClassVar[Family] = "nli"
    equation: ClassVar[str] = EQUATION
    kept: Kept = "entailments"
    temperature: float = 0.05
    mask_relevant: bool = True

    def __post_init__(self) -> None:
        if self.kept not in get_args(Kept):
            raise ValueError(f"kept '{self.kept}' is neither of {', '.join(get_args(Kept))}")
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature} must be greater than 0")

    def examples(self, data: TrainingData) -> Dataset:
        """Return one row per NLI triple of the suite, with the known entailments as `label` if `mask_relevant`."""
        from datasets import Dataset

        triples = data.data.nli
        premises = [triple.premise for triple in triples]
        if self.kept == "entailments":
            texts = {"anchor": premises, "positive": [triple.entailment for triple in triples]}
        else:
            negatives = [triple.contradiction for triple in triples]
            texts = {"anchor": premises, "positive": premises, "negative": negatives}
        return Dataset.from_dict(texts | (judged_labels(texts, _entailed(triples)) if self.mask_relevant else {}))

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return InfoNCE over what is kept."""
        from methods._loss import EmbeddingLoss

        passages = 1 if self.kept == "entailments" else 2
        return EmbeddingLoss(
            model,
            lambda embeddings, mask: infonce(embeddings, self.temperature, True, mask),
            partial(relevance_mask, passages=passages, in_batch=True) if self.mask_relevant else None,
        )


def _entailed(triples: Sequence[NliTriple]) -> Iterator[tuple[str, str]]:
    """Yield (premise, sentence that it entails): itself too."""
    for triple in triples:
        yield triple.premise, triple.entailment
        yield triple.premise, triple.premise


PLUGIN = NliAblation
