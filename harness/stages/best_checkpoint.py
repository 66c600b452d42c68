"""Best checkpoint: evaluations during training, and the weights of the best one kept.

`best_of` evaluations are spread evenly over the steps, the last one at the last step. They use a share of the training
queries (`best_holdout`), which are not trained on, and never dev: small sets peak early, and dev must not choose. They
search at most POOL passages, all relevant ones among them. Of equal scores, the earliest step is kept.
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
from harness.request.training import Training
from harness.stages.held_out import Relevant
from harness.stages.held_out_evaluator import NAME, SIMILARITY, held_out_evaluator, metric_of
from harness.types import TrainingData
from harness.vectors.encoder import Encoder, open_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

POOL = 10_000  # passages: an evaluation of a large encoder stays within a minute on a GPU
NEVER = 10**9  # steps between the trainer's own evaluations; ours are triggered one by one


def spread(steps: int, count: int) -> list[int]:
    """Return at most `count` steps, evenly spread, the last one last.

    >>> spread(10, 3), spread(2, 5)
    ([4, 7, 10], [1, 2])
    """
    return sorted({-(-steps * i // count) for i in range(1, count + 1)})


def arguments(cell: Cell) -> dict[str, Any]:
    """Return the trainer's arguments on when to save and evaluate."""
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
        "metric_for_best_model": metric_of(cell.suite.evaluation.primary),
        "greater_is_better": True,
    }


@dataclass(frozen=True)
class Evaluations:
    """The evaluations of one training on the queries `held`; without any, nothing is evaluated."""

    cell: Cell
    held: Relevant
    queries: Mapping[str, str]
    passages: Mapping[str, str]

    def evaluator(self, model: SentenceTransformer) -> Any:
        """Return the trainer's evaluator of `model`; None where no queries are held out."""
        if not self.held:
            return None
        return held_out_evaluator(
            Encoder(model, self.cell.suite.text), self.cell.suite, self.queries, self.passages, self.held
        )

    def callbacks(self, steps: int) -> list[Any]:
        """Return the callbacks that make the trainer evaluate, and save, at the right steps."""
        settings = self.cell.training
        return [_evaluate_at(spread(steps, settings.best_of or 1), settings)] if self.held else []

    def close(self, trainer: Any, model: SentenceTransformer) -> dict[str, Any]:
        """Return the curve and the best step; raises CellError where `model` does not have that step's weights."""
        if not self.held:
            return {}
        state, metric = trainer.state, metric_of(self.cell.suite.evaluation.primary)
        if state.best_model_checkpoint is None or not _has_weights(model, Path(state.best_model_checkpoint)):
            raise CellError(f"the weights of the best step {state.best_global_step} could not be read back; run again")
        return {
            "best": {
                "measure": metric.removeprefix(f"eval_{NAME}_{SIMILARITY}_"),
                "queries": len(self.held),
                "passages": len(self.passages),
                "curve": [[entry["step"], float(entry[metric])] for entry in state.log_history if metric in entry],
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
    queries = {query: training.queries[query] for query in held}
    return Evaluations(cell, held, queries, {doc: training.passages[doc] for doc in sorted({*relevant, *drawn})})


def _evaluate_at(steps: list[int], settings: Training) -> Any:
    from transformers import TrainerCallback

    class EvaluateAt(TrainerCallback):
        """Evaluates at these steps; saves the checkpoints that a killed training resumes from (and each new best)."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            control.should_evaluate = state.global_step in steps
            if settings.checkpoint_steps and state.global_step % settings.checkpoint_steps == 0:
                control.should_save = True

    return EvaluateAt()


def _has_weights(model: SentenceTransformer, checkpoint: Path) -> bool:
    """Return whether a model has the weights of a checkpoint, bit for bit."""
    import torch

    saved, weights = open_model(checkpoint, "cpu").state_dict(), model.state_dict()
    return saved.keys() == weights.keys() and all(torch.equal(saved[name], weights[name].cpu()) for name in weights)
