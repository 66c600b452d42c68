"""The evaluator of held-out queries in training: sentence-transformers' own, reading texts as scoring reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.request.suite import Suite
from harness.stages.held_out import Relevant
from harness.vectors.encoder import Encoder, Role
from harness.vectors.token_batches import budget

MEASURES = {"nDCG": "ndcg", "R": "recall", "RR": "mrr", "P": "precision", "Success": "accuracy"}  # the evaluator's
DEFAULT_MEASURE = ("ndcg", 10)
NAME, SIMILARITY = "held_out", "similarity"  # the model's own


def measure_of(primary: str) -> tuple[str, int]:
    """Return the evaluator's name and depth of a suite's primary measure; nDCG@10 where it does not have that one.

    >>> measure_of("R@100"), measure_of("AP")
    (('recall', 100), ('ndcg', 10))
    """
    name, _, depth = primary.partition("@")
    return (MEASURES[name], int(depth)) if name in MEASURES and depth.isdigit() else DEFAULT_MEASURE


def metric_of(primary: str) -> str:
    """Return the trainer's name of the metric that stands for the primary measure."""
    name, depth = measure_of(primary)
    return f"eval_{NAME}_{SIMILARITY}_{name}@{depth}"


def held_out_evaluator(
    encoder: Encoder, suite: Suite, queries: Mapping[str, str], passages: Mapping[str, str], relevant: Relevant
) -> Any:
    """Return the evaluator of `queries` over `passages` by the similarity of the encoder's model."""
    import torch
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
    from sentence_transformers.util import cos_sim, dot_score

    _, depth = measure_of(suite.evaluation.primary)
    batch = budget(suite.evaluation, suite.text, encoder.model.device.type)
    similarity = cos_sim if encoder.normalized else dot_score

    class HeldOutEvaluator(InformationRetrievalEvaluator):
        """Reads queries and passages as scoring reads them."""

        def embed_inputs(
            self,
            model: Any,
            sentences: Any,
            encode_fn_name: str | None = None,
            prompt_name: str | None = None,
            prompt: str | None = None,
            **options: Any,
        ) -> Any:
            role: Role = "query" if encode_fn_name == "query" else "passage"
            vectors = encoder.encode(list(sentences), role, batch)
            return torch.from_numpy(vectors).to(model.device)

    return HeldOutEvaluator(
        dict(queries),
        dict(passages),
        {query: set(docs) for query, docs in relevant.items()},
        mrr_at_k=[depth],
        ndcg_at_k=[depth],
        accuracy_at_k=[depth],
        precision_recall_at_k=[depth],
        map_at_k=[depth],
        name=NAME,
        write_csv=False,
        score_functions={SIMILARITY: similarity},
    )
