"""Train: the entry's objective on the base model, by SentenceTransformerTrainer, under derived seeds.

The output is a folder that `SentenceTransformer` opens, with `training.json` beside it: loss per step, rows seen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.keys import derive
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import best_checkpoint, held_out
from harness.stages.base_model import base_model
from harness.stages.checkpoint import checkpoint_model
from harness.stages.divergence import check_weights, loss_watch
from harness.stages.lineage import train_key
from harness.stages.objective import Objective, batches, examples, together
from harness.stages.stage_settings import training_lengths
from harness.stages.text_columns import collator, declare_prompts
from harness.stages.training_arguments import step_count, training_arguments
from harness.types import Need, TrainingData
from harness.vectors.as_found import arithmetic
from harness.vectors.encoder import open_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LOG = "training.json"


def train(cell: Cell, training: TrainingData, store: Store) -> Path:
    """Return the folder of the cell's model: trained; where the entry does not train, its checkpoint or the base."""
    if cell.entry.checkpoint:
        return checkpoint_model(cell, store)
    base = base_model(cell.suite, cell.place, store)
    if cell.method is None:
        return base
    return store.make("train", train_key(cell), lambda folder: _train(cell, training, base, folder, store))


def _train(cell: Cell, training: TrainingData, base: Path, folder: Path, store: Store) -> None:
    """Write the trained model and its log to `folder`; a killed training resumes from its checkpoint."""
    from sentence_transformers import SentenceTransformerTrainer
    from transformers import PrinterCallback

    model = _adapted(cell, base)
    kept, held = held_out.split(cell, training)
    rows = examples(cell, kept)
    objective = Objective(cell, model)
    evaluations = best_checkpoint.evaluations(cell, training, held)
    steps = step_count(batches(rows, cell.training.batch_size), cell.training)
    checkpoints = store.partial(train_key(cell))
    trainer = SentenceTransformerTrainer(
        model=model,
        args=training_arguments(cell, checkpoints),
        train_dataset=together(rows),
        loss=objective.loss,
        evaluator=evaluations.evaluator(model),
        data_collator=collator(model, rows, cell.suite.text),
        callbacks=[loss_watch(store), objective.watch(), *evaluations.callbacks(steps)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=_last_checkpoint(checkpoints))
    if trainer.state.global_step != steps:
        raise CellError(f"trained {trainer.state.global_step} steps of {steps}: rows were dropped")
    objective.check(rows, cell.training.epochs)
    best = evaluations.close(trainer, model)
    check_weights(model)
    declare_prompts(model, cell.suite.text)
    model.save_pretrained(str(folder), create_model_card=False)
    mixed_precision = str(trainer.accelerator.mixed_precision)
    store.note(**arithmetic(model), mixed_precision=mixed_precision)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    log = {**objective.log(rows), "steps": steps, "losses": losses, **_facts(cell, kept), **best}
    (folder / LOG).write_text(json.dumps(log), encoding="utf-8")
    store.forget(train_key(cell))


def _adapted(cell: Cell, base: Path) -> SentenceTransformer:
    """Return the base model with the entry's adapters and the training's dropout.

    Its weights are float32 whatever the base's files hold: a lower training precision is autocast over them.
    """
    import torch

    model = open_model(base, cell.place.device)
    model.max_seq_length = max(cell.suite.text.query_max_length, cell.suite.text.passage_max_length)
    model.model_card_data.widget = [{}]  # else the trainer makes up examples for a model card, which is not written
    torch.manual_seed(derive(cell.seed, "adapter"))
    for adapter in cell.adapters:
        adapter.apply(model)
    _set_dropout(model, cell.training.dropout)  # after the adapters: one may rebuild the network
    if cell.training.gradient_checkpointing:  # not reentrant: that needs a gradient of the embeddings, often frozen
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


def _set_dropout(model: SentenceTransformer, share: float | None) -> None:
    """Set the share of every dropout layer; None keeps that of the base model's configuration."""
    from torch import nn

    if share is None:
        return
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def _facts(cell: Cell, training: TrainingData) -> dict[str, Any]:
    """Return what a record reports of the training besides rows and losses; `pairs` are of the training queries.

    The pool is None where the negatives came with the rows.
    """
    pairs = training.pairs()
    facts: dict[str, Any] = {"pairs": len(pairs), "lengths": training_lengths(cell.suite.text)}
    if Need.HARD_NEGATIVES in cell.needs:  # a pair without negatives makes no row of a method that contrasts them
        facts["pairs_without_negatives"] = sum(not training.negatives.get(query) for query, _ in pairs)
        facts["negatives_mined_from"] = {"pool": training.pool_size, "passages": len(training.passages)}
    return facts


def _last_checkpoint(checkpoints: Path) -> str | None:
    from transformers.trainer_utils import get_last_checkpoint

    last: str | None = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None  # type: ignore[no-untyped-call]
    return last
