"""Best: evaluations during training, and the weights of the best one kept.

`best_of` evaluations are spread evenly over the steps, the last one at the last step. They use a share of the training
queries (`best_holdout`), which are not trained on, and never dev: small sets peak early, and dev must not choose.
Searched are at most POOL passages, all relevant ones among them. Of equal scores, the earliest step is kept.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.keys import derive
from harness.request.cell import Cell
from harness.request.manifest import Training
from harness.stages.held_out import Relevant
from harness.types import TrainingData

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

POOL = 10_000  # passages: an evaluation of a large encoder stays within a minute on a GPU
MEASURES = {"nDCG": "ndcg", "R": "recall", "RR": "mrr", "P": "precision", "Success": "accuracy"}  # the evaluator's
OTHERWISE = ("ndcg", 10)
NAME, SIMILARITY = "held_out", "cosine"
NEVER = 10**9  # the trainer's own rhythm; the steps are set one by one


def measure_of(primary: str) -> tuple[str, int]:
    """Return the evaluator's name and depth of a suite's primary measure; nDCG@10 for one that it has not.

    >>> measure_of("R@100"), measure_of("AP")
    (('recall', 100), ('ndcg', 10))
    """
    name, _, depth = primary.partition("@")
    return (MEASURES[name], int(depth)) if name in MEASURES and depth.isdigit() else OTHERWISE


def spread(steps: int, count: int) -> list[int]:
    """Return at most `count` steps, evenly spread, the last one last.

    >>> spread(10, 3), spread(2, 5)
    ([4, 7, 10], [1, 2])
    """
    return sorted({-(-steps * i // count) for i in range(1, count + 1)})


def arguments(cell: Cell) -> dict[str, Any]:
    """Return the trainer's arguments on what is saved and evaluated when."""
    settings = cell.training
    if settings.best_of is None:
        return {
            "save_strategy": "steps" if settings.checkpoint_steps else "no",
            "save_steps": settings.checkpoint_steps or 500,
        }
    return {
        "eval_strategy": "steps",
        "eval_steps": NEVER,
        "save_strategy": "best",
        "load_best_model_at_end": True,
        "metric_for_best_model": _metric(cell),
        "greater_is_better": True,
    }


def _metric(cell: Cell) -> str:
    name, depth = measure_of(cell.suite.evaluation.primary)
    return f"eval_{NAME}_{SIMILARITY}_{name}@{depth}"


@dataclass(frozen=True)
class Evaluations:
    """The evaluations of one training, on `held` queries (none: no evaluation)."""

    cell: Cell
    held: Relevant
    queries: Mapping[str, str]
    passages: Mapping[str, str]

    @property
    def evaluator(self) -> Any:
        """Return sentence-transformers' evaluator of retrieval, reading texts as they are scored; None without any."""
        return _evaluator(self) if self.held else None

    def callbacks(self, steps: int) -> list[Any]:
        """Return what makes the trainer evaluate, and save, at the right steps."""
        return [_at(spread(steps, self.cell.training.best_of or 1), self.cell.training)] if self.held else []

    def close(self, trainer: Any, model: SentenceTransformer) -> dict[str, Any]:
        """Return the curve and the chosen step; raises CellError where `model` has not the weights of that step."""
        if not self.held:
            return {}
        state, metric = trainer.state, _metric(self.cell)
        if state.best_model_checkpoint is None or not _holds(model, Path(state.best_model_checkpoint)):
            raise CellError(
                f"the weights of the best step {state.best_global_step} were not to be read back; run again"
            )
        return {
            "best": {
                "measure": metric.removeprefix(f"eval_{NAME}_{SIMILARITY}_"),
                "queries": len(self.held),
                "passages": len(self.passages),
                "curve": [[line["step"], float(line[metric])] for line in state.log_history if metric in line],
                "step": state.best_global_step,
                "score": float(state.best_metric),
            }
        }


def evaluations(cell: Cell, training: TrainingData, held: Relevant) -> Evaluations:
    """Return the evaluations of a training on `held` queries, over their passages and a seeded draw of others."""
    if not held:
        return Evaluations(cell, {}, {}, {})
    relevant = {doc for docs in held.values() for doc in docs}
    others = (doc for doc in training.passages if doc not in relevant)
    most = max(0, POOL - len(relevant))
    drawn = heapq.nsmallest(most, others, key=lambda doc: (derive(cell.seed, "best", "passages", doc), doc))
    text = cell.suite.text
    return Evaluations(
        cell,
        held,
        {query: text.query_prompt + training.queries[query] for query in held},
        {doc: text.passage_prompt + training.passages[doc] for doc in sorted({*relevant, *drawn})},
    )


def _evaluator(wanted: Evaluations) -> Any:
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
    from sentence_transformers.util import cos_sim

    suite = wanted.cell.suite
    lengths = {"query": suite.text.query_max_length, "document": suite.text.passage_max_length}
    _, depth = measure_of(suite.evaluation.primary)

    class AsScored(InformationRetrievalEvaluator):
        """Cuts queries and passages where scoring cuts them, and adds no prompt of the model's own."""

        def embed_inputs(
            self,
            model: Any,
            sentences: Any,
            encode_fn_name: str | None = None,
            prompt_name: str | None = None,
            prompt: str | None = None,
            **options: Any,
        ) -> Any:
            before = model.max_seq_length
            model.max_seq_length = lengths[encode_fn_name or "document"]
            try:
                return super().embed_inputs(model, sentences, prompt="", **options)
            finally:
                model.max_seq_length = before

    return AsScored(
        dict(wanted.queries),
        dict(wanted.passages),
        {query: set(docs) for query, docs in wanted.held.items()},
        mrr_at_k=[depth],
        ndcg_at_k=[depth],
        accuracy_at_k=[depth],
        precision_recall_at_k=[depth],
        map_at_k=[depth],
        batch_size=suite.evaluation.encode_batch_size,
        name=NAME,
        write_csv=False,
        score_functions={SIMILARITY: cos_sim},
        main_score_function=SIMILARITY,
    )


def _at(steps: list[int], settings: Training) -> Any:
    from transformers import TrainerCallback

    class At(TrainerCallback):
        """Evaluates at these steps; saves where a killed training is to go on from (a new best one is saved too)."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            control.should_evaluate = state.global_step in steps
            if settings.checkpoint_steps and state.global_step % settings.checkpoint_steps == 0:
                control.should_save = True

    return At()


def _holds(model: SentenceTransformer, checkpoint: Path) -> bool:
    """Return whether a model has the weights of a checkpoint, bit for bit."""
    import torch

    from harness.vectors.embedding import open_model

    saved = open_model(checkpoint, "cpu").state_dict()
    own = model.state_dict()
    return saved.keys() == own.keys() and all(torch.equal(saved[name], own[name].cpu()) for name in own)
