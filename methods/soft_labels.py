"""Expert soft labels: mean squared error between cosine and a target from experts' scores (arXiv 2408.11868).

    L = mean over pairs of ( cos(q, p) - ŷ )²

The paper's formulas of Soft-1, Soft-2 and Soft-3 could not be read. Those below are our interpretation, and are marked
as such wherever they are shown. s_k in [0, 1] is expert k's score of the pair, s̄ the mean over experts, y in {0, 1} the
hard label:

    soft-1   ŷ = s̄
    soft-2   ŷ = (y + s̄) / 2
    soft-3   ŷ = max_k s_k if y = 1 else min_k s_k
    hard     ŷ = y                                    (the control)

Further targets are functions of (y, scores), registered with `@target("name")`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from harness.types import Family, Need, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

EQUATION = """\
L = mean over pairs of ( cos(q, p) - ŷ )²
q, p   vectors of the query and of the passage of a pair
ŷ      by target (soft-1 unless set), readings of a paper whose formulas could not be read:
       soft-1   s̄
       soft-2   (y + s̄) / 2
       soft-3   max_k s_k if y = 1 else min_k s_k
       hard     y
s_k    expert k's score of the pair, in [0, 1]; s̄ the experts' mean
y      1 for a relevant passage, 0 for a drawn one"""
Target = Callable[[int, Sequence[float]], float]
TARGETS: dict[str, Target] = {}


def target(name: str) -> Callable[[Target], Target]:
    """Return a decorator that registers a target function under a name for the setting `target`."""

    def register(function: Target) -> Target:
        TARGETS[name] = function
        return function

    return register


@target("soft-1")
def soft_1(label: int, scores: Sequence[float]) -> float:
    """Return the mean of the experts' scores."""
    return sum(scores) / len(scores)


@target("soft-2")
def soft_2(label: int, scores: Sequence[float]) -> float:
    """Return the mean of the hard label and the experts' mean score."""
    return (label + sum(scores) / len(scores)) / 2


@target("soft-3")
def soft_3(label: int, scores: Sequence[float]) -> float:
    """Return the score closest to the label."""
    return max(scores) if label else min(scores)


@target("hard")
def hard(label: int, scores: Sequence[float]) -> float:
    """Return the hard label."""
    return float(label)


@dataclass(frozen=True)
class SoftLabels:
    """For each pair with label 1, `negatives` pairs with label 0 are sampled from the mined passages."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.HARD_NEGATIVES, Need.EXPERT_SCORES})
    family: ClassVar[Family] = "regression"
    equation: ClassVar[str] = EQUATION
    target: str = "soft-1"
    negatives: int = 3

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ValueError(f"target '{self.target}' must be one of {', '.join(TARGETS)}")

    def examples(self, data: TrainingData) -> Dataset:
        """Return anchor, passage and label; the label is the target of the pair."""
        from datasets import Dataset

        rng = data.rng("negatives")
        pairs: list[tuple[str, str, int]] = []
        for query, doc in data.pairs():
            mined = data.negatives[query]
            negatives = rng.sample(mined, min(self.negatives, len(mined)))
            pairs += [(query, doc, 1), *((query, negative, 0) for negative in negatives)]
        soft_label = TARGETS[self.target]
        return Dataset.from_dict(
            {
                "anchor": [data.queries[query] for query, _, _ in pairs],
                "passage": [data.passages[doc] for _, doc, _ in pairs],
                "label": [soft_label(label, data.expert_scores[query, doc]) for query, doc, label in pairs],
            }
        )

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the library's mean squared error of cosines."""
        from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss

        return CosineSimilarityLoss(model)


PLUGIN = SoftLabels
