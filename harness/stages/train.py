"""Train: the entry's objective on the base model, by SentenceTransformerTrainer, under derived seeds.

The output is a folder that `SentenceTransformer` opens, with `training.json` beside it: loss per step, rows seen.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cell import Cell
from harness.embedding import open_model
from harness.errors import CellError
from harness.keys import derive, key
from harness.manifest import Training
from harness.stages import base, consult, mine, prepare
from harness.store import Store
from harness.types import Method, Need, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainingArguments

VERSION = 1
LOG = "training.json"


def key_of(cell: Cell) -> str:
    """Return the key of the trained model; for an untrained entry, that of the base."""
    if cell.method is None:
        return base.key_of(cell.suite)
    inputs = [base.key_of(cell.suite), prepare.key_of(cell.suite, cell.language)]
    if cell.entry.negatives is not None:
        inputs.append(mine.key_of(cell))
    if Need.EXPERT_SCORES in cell.needs:
        inputs.append(consult.key_of(cell))
    text = cell.suite.text
    settings = [
        cell.entry.identity(),
        cell.plugin_versions(),
        cell.training.model_dump(),
        [text.query_prompt, text.passage_prompt, max(text.query_max_length, text.passage_max_length)],
        cell.seed,
        cell.place.device,
    ]
    return key("train", VERSION, inputs, settings)


def train(cell: Cell, training: TrainingData, store: Store) -> Path:
    """Return the folder of the cell's model: trained, or the base where the entry does not train."""
    start = base.base_model(cell.suite, cell.place, store)
    method = cell.method
    if method is None:
        return start
    return store.make("train", key_of(cell), lambda folder: _train(cell, method, training, start, (folder, store)))


def _train(cell: Cell, method: Method, training: TrainingData, start: Path, out: tuple[Path, Store]) -> None:
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
    rows = method.examples(training)
    if len(rows) == 0:
        raise CellError(f"{cell.entry.method} made no training row from {len(training.data.train)} queries")
    checkpoints = store.partial(key_of(cell))
    trainer = SentenceTransformerTrainer(
        model=model,
        args=_arguments(cell.training, cell, checkpoints),
        train_dataset=_prompted(rows, cell),
        loss=method.loss(model),
        callbacks=[_watch(store)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=_latest(checkpoints))
    steps = _steps(len(rows), cell.training)
    if trainer.state.global_step != steps:
        raise CellError(f"trained {trainer.state.global_step} steps of {steps}: rows were dropped")
    if not all(bool(torch.isfinite(tensor).all()) for tensor in model.state_dict().values()):
        raise CellError("diverged: a weight is NaN or infinite; lower the learning rate")
    model.save_pretrained(str(folder), create_model_card=False)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    log = {"rows": len(rows), "columns": rows.column_names, "steps": steps, "losses": losses}
    (folder / LOG).write_text(json.dumps(log), encoding="utf-8")
    _forget(checkpoints)


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
        save_strategy="steps" if settings.checkpoint_steps else "no",
        save_steps=settings.checkpoint_steps or 500,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
    )


def _steps(rows: int, settings: Training) -> int:
    batches = math.ceil(rows / settings.batch_size)
    per_epoch = max(1, math.ceil(batches / settings.gradient_accumulation))
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


def _forget(checkpoints: Path) -> None:
    import shutil

    shutil.rmtree(checkpoints, ignore_errors=True)
