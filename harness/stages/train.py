"""Train: the entry's objective on the base model, by SentenceTransformerTrainer, under derived seeds.

The output is a folder that `SentenceTransformer` opens, with `training.json` beside it: loss per step, rows seen.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.keys import derive
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Text, Training
from harness.stages import best_checkpoint, held_out
from harness.stages.base_model import base_model
from harness.stages.lineage import train_key
from harness.stages.objective import Objective, batches, examples, together
from harness.stages.stage_settings import training_lengths
from harness.types import Need, TrainingData
from harness.vectors.embedding import open_model

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainingArguments
    from torch import Tensor

LOG = "training.json"


def train(cell: Cell, training: TrainingData, store: Store) -> Path:
    """Return the folder of the cell's model: trained, or the base where the entry does not train."""
    start = base_model(cell.suite, cell.place, store)
    if cell.method is None:
        return start
    return store.make("train", train_key(cell), lambda folder: _train(cell, training, start, (folder, store)))


def _train(cell: Cell, training: TrainingData, start: Path, out: tuple[Path, Store]) -> None:
    import torch
    from sentence_transformers import SentenceTransformerTrainer
    from transformers import PrinterCallback

    folder, store = out
    model = open_model(start, cell.place.device)
    model.max_seq_length = max(cell.suite.text.query_max_length, cell.suite.text.passage_max_length)
    model.model_card_data.widget = [{}]  # else the trainer makes up examples for a card that is not written here
    torch.manual_seed(derive(cell.seed, "adapter"))
    for adapter in cell.adapters:
        adapter.apply(model)
    _set_dropout(model, cell.training.dropout)  # after the adapters: one may build the network anew
    if cell.training.gradient_checkpointing:  # reentrant, it would want a gradient of embeddings that may be frozen
        model.gradient_checkpointing_enable({"use_reentrant": False})
    kept, held = held_out.split(cell, training)
    rows = examples(cell, kept)
    objective = Objective(cell, model)
    evaluations = best_checkpoint.evaluations(cell, training, held)
    steps = _steps(batches(rows, cell.training.batch_size), cell.training)
    checkpoints = store.partial(train_key(cell))
    trainer = SentenceTransformerTrainer(
        model=model,
        args=_arguments(cell.training, cell, checkpoints),
        train_dataset=together({name: _prompted(own, cell) for name, own in rows.items()}),
        loss=objective.loss,
        evaluator=evaluations.evaluator,
        data_collator=_collator(model, rows, cell.suite.text),
        callbacks=[_watch(store), objective.watch(), *evaluations.callbacks(steps)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=_latest(checkpoints))
    if trainer.state.global_step != steps:
        raise CellError(f"trained {trainer.state.global_step} steps of {steps}: rows were dropped")
    objective.check(rows, cell.training.epochs)
    chosen = evaluations.close(trainer, model)
    if not all(_finite(parameter.detach()) for parameter in model.parameters() if parameter.requires_grad):
        raise CellError("diverged: a weight is NaN or infinite; lower the learning rate")
    model.save_pretrained(str(folder), create_model_card=False)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    log = {**objective.log(rows), "steps": steps, "losses": losses, **_facts(cell, kept), **chosen}
    (folder / LOG).write_text(json.dumps(log), encoding="utf-8")
    store.forget(train_key(cell))


def _finite(tensor: Tensor) -> bool:
    """Return whether no value is NaN or infinite, in one pass without a copy: both show in the extremes."""
    return all(math.isfinite(value) for value in tensor.aminmax())


def _arguments(settings: Training, cell: Cell, checkpoints: Path) -> SentenceTransformerTrainingArguments:
    from sentence_transformers import SentenceTransformerTrainingArguments

    return SentenceTransformerTrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,  # a share of all steps, since it is below 1
        lr_scheduler_type=settings.scheduler,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        optim="adamw_torch",
        seed=derive(cell.seed, "train"),
        data_seed=derive(cell.seed, "order"),
        bf16=settings.precision == "bfloat16",
        fp16=settings.precision == "float16",
        use_cpu=cell.place.device == "cpu",
        dataloader_num_workers=0,
        dataloader_pin_memory=cell.place.device != "cpu",
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,  # a NaN is to be seen, not skipped
        **best_checkpoint.arguments(cell),
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
    )


def _steps(count: int, settings: Training) -> int:
    """Return the steps of a training whose epoch has that many batches."""
    per_epoch = max(1, math.ceil(count / settings.gradient_accumulation))
    return math.ceil(settings.epochs * per_epoch)


def _set_dropout(model: SentenceTransformer, share: float | None) -> None:
    """Set the share of every dropout layer; None keeps what the base model's configuration says."""
    from torch import nn

    if share is None:
        return
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def _prompted(rows: Dataset, cell: Cell) -> Dataset:
    """Put the suite's prompts before the texts, as encoding does: queries are the columns named *query or anchor."""
    text = cell.suite.text
    if not (text.query_prompt or text.passage_prompt):
        return rows
    columns = [name for name in rows.column_names if name != "label"]
    prompts = {name: text.query_prompt if is_query(name) else text.passage_prompt for name in columns}
    return rows.map(lambda row: {name: prompts[name] + row[name] for name in columns})


def is_query(column: str) -> bool:
    """Return whether a training column holds queries, by its name."""
    return column == "anchor" or column.startswith("query")


def _collator(model: SentenceTransformer, rows: Mapping[str, Dataset], text: Text) -> Any:
    """Return the library's collator, told which columns hold queries and where each kind is cut."""
    from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

    names = {name for own in rows.values() for name in own.column_names if name != "label"}
    kinds = {name: "query" if is_query(name) else "document" for name in sorted(names)}
    return SentenceTransformerDataCollator(
        preprocess_fn=model.preprocess, router_mapping=kinds, max_length=training_lengths(text)
    )


def _facts(cell: Cell, training: TrainingData) -> dict[str, Any]:
    """Return what a record says of the training beside rows and losses; `pairs` are of the training queries."""
    pairs = training.pairs()
    facts: dict[str, Any] = {"pairs": len(pairs), "lengths": training_lengths(cell.suite.text)}
    if Need.HARD_NEGATIVES in cell.needs:  # without any, a pair makes no row of a method that contrasts them
        facts["pairs_without_negatives"] = sum(not training.negatives.get(query) for query, _ in pairs)
    return facts


def _watch(store: Store) -> Any:
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        """Reports progress and stops at the first NaN."""

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if logs and "loss" in logs:
                loss = float(logs["loss"])
                if not math.isfinite(loss):
                    raise CellError(f"diverged: loss {loss} at step {state.global_step}; lower the learning rate")

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            store.progress("train", state.global_step, state.max_steps)

    return Watch()


def _latest(checkpoints: Path) -> str | None:
    from transformers.trainer_utils import get_last_checkpoint

    last: str | None = get_last_checkpoint(str(checkpoints)) if checkpoints.is_dir() else None  # type: ignore[no-untyped-call]
    return last
