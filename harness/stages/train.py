"""Train: the entry's objective on the base model, by SentenceTransformerTrainer, under derived seeds.

The output is a folder that `SentenceTransformer` opens, with `training.json` beside it: loss per step, rows seen.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.keys import derive
from harness.machine import ending
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import best_checkpoint, held_out
from harness.stages.base_model import base_model
from harness.stages.checkpoint import checkpoint_model
from harness.stages.divergence import check_trained, check_weights, fingerprint, loss_watch
from harness.stages.lineage import train_key
from harness.stages.loss_state import is_whole, loss_state
from harness.stages.objective import Objective, batches, declared, examples, together
from harness.stages.stage_settings import training_lengths
from harness.stages.text_columns import collator, declare_prompts
from harness.stages.training_arguments import step_count, training_arguments, warmup_in_force
from harness.stages.training_checkpoints import Checkpoints
from harness.types import Need, TrainingData
from harness.vectors.as_found import arithmetic
from harness.vectors.encoder import open_model
from harness.vectors.lengths import forget_length, set_length

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

    model = adapted(cell, base)
    kept, held = held_out.split(cell, training)
    rows = examples(cell, kept)
    objective = Objective(cell, model)
    evaluations = best_checkpoint.evaluations(cell, training, held)
    steps = step_count(batches(rows, cell.training.batch_size), cell.training)
    checkpoints = Checkpoints(store.partial(train_key(cell)))
    start = fingerprint(model)
    trainer = SentenceTransformerTrainer(
        model=model,
        args=training_arguments(cell, checkpoints.folder, steps),
        train_dataset=together(rows),
        loss=objective.loss,
        evaluator=evaluations.evaluator(model),
        data_collator=collator(model, rows, cell.suite.text, declared(cell), cell.training.max_length),
        callbacks=[
            *(loss_watch(cell, store), objective.watch(), loss_state(objective.losses, model)),
            *evaluations.callbacks(steps),
            checkpoints.seal(),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    last = checkpoints.newest(lambda folder: is_whole(folder, objective.losses, model))
    with ending.saved_first():
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    if checkpoints.damaged:
        store.note(damaged_checkpoints=checkpoints.damaged)
    if trainer.state.global_step != steps:
        raise CellError(f"trained {trainer.state.global_step} steps of {steps}: rows were dropped")
    objective.check(rows, cell.training.epochs)
    best = evaluations.close(trainer, model)
    check_weights(cell, model, trainer.state.log_history)
    check_trained(cell, model, start, trainer.state.log_history)
    _finish(cell, model)
    forget_length(model)
    declare_prompts(model, cell.suite.text)
    model.save_pretrained(str(folder), create_model_card=False)
    mixed_precision = str(trainer.accelerator.mixed_precision)
    store.note(**arithmetic(model), mixed_precision=mixed_precision)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    warmup = warmup_in_force(cell.training, steps)
    log = {**objective.log(rows), "steps": steps, "losses": losses, **_facts(cell, kept), **warmup, **best}
    (folder / LOG).write_text(json.dumps(log), encoding="utf-8")
    store.forget(train_key(cell))


def adapted(cell: Cell, base: Path, opened: SentenceTransformer | None = None) -> SentenceTransformer:
    """Return the base model with the entry's adapters and the training's dropout; `opened` is changed in its place.

    Its weights are float32 whatever the base's files hold: a lower training precision is autocast over them.
    """
    import torch

    model = open_model(base, cell.place.device) if opened is None else opened.to(cell.place.device)
    model.float()
    set_length(model, max(cell.suite.text.query_max_length, cell.suite.text.passage_max_length))
    model.model_card_data.widget = [{}]  # else the trainer makes up examples for a model card, which is not written
    torch.manual_seed(derive(cell.seed, "adapter"))
    for adapter in cell.adapters:
        adapter.apply(model)
    _set_dropout(model, cell.training.dropout)  # after the adapters: one may rebuild the network
    if cell.training.gradient_checkpointing:  # not reentrant: that needs a gradient of the embeddings, often frozen
        model.gradient_checkpointing_enable({"use_reentrant": False})
    return model


def _finish(cell: Cell, model: SentenceTransformer) -> None:
    """Let adapters that have `finish(model)` put the trained network into the form in which it is saved."""
    for adapter in reversed(cell.adapters):
        if hasattr(adapter, "finish"):
            adapter.finish(model)


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
    facts: dict[str, Any] = {
        "pairs": len(pairs),
        "lengths": training_lengths(cell.suite.text, cell.training.max_length),
    }
    if Need.HARD_NEGATIVES in cell.needs:  # a pair without negatives makes no row of a method that contrasts them
        facts["pairs_without_negatives"] = sum(not training.negatives.get(query) for query, _ in pairs)
        facts["negatives_mined_from"] = {"pool": training.pool_size, "passages": len(training.passages)}
    return facts
