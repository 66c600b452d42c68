"""The library's training arguments for a cell, and the number of steps that they come to."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from harness.keys import derive
from harness.request.cell import Cell
from harness.request.training import Training
from harness.stages import best_checkpoint
from harness.stages.epoch_rows import sampler_argument

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformerTrainingArguments


def training_arguments(cell: Cell, checkpoints: Path, steps: int) -> SentenceTransformerTrainingArguments:
    """Return the arguments of the cell's training of so many steps, under seeds derived from the cell's."""
    from sentence_transformers import SentenceTransformerTrainingArguments

    settings = cell.training
    return SentenceTransformerTrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        learning_rate=settings.learning_rate,
        warmup_steps=warmup_steps(settings, steps),
        lr_scheduler_type=settings.scheduler,
        lr_scheduler_kwargs=dict(settings.scheduler_settings or {}),
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        optim="adamw_torch_fused",  # on CPU a tenth of the plain one's time, which 96 M numbers of embeddings take
        seed=derive(cell.seed, "train"),
        data_seed=derive(cell.seed, "order"),
        bf16=settings.precision == "bfloat16",
        fp16=settings.precision == "float16",
        use_cpu=cell.place.device == "cpu",
        dataloader_num_workers=0,
        dataloader_pin_memory=cell.place.device != "cpu",
        logging_strategy="steps",
        logging_steps=1,
        logging_nan_inf_filter=False,  # the filter would hide a NaN from the log
        **sampler_argument(cell),
        **best_checkpoint.arguments(cell),
        save_total_limit=2,  # the older one goes before the newer one is sealed (training_checkpoints.py)
        report_to="none",
        disable_tqdm=True,
    )


def step_count(batches: int, settings: Training) -> int:
    """Return the steps of a training whose epoch has that many batches."""
    per_epoch = max(1, math.ceil(batches / settings.gradient_accumulation))
    return math.ceil(settings.epochs * per_epoch)


def warmup_steps(settings: Training, steps: int) -> int:
    """Return the warm-up of a training of so many steps: at least one step has the whole learning rate.

    The first step of a warm-up has the learning rate 0.
    """
    return min(_asked(settings, steps), steps - 1)


def warmup_in_force(settings: Training, steps: int) -> dict[str, int]:
    """Return the warm-up as the record has it, where its share of the steps does not tell: a number, or cut short."""
    in_force = warmup_steps(settings, steps)
    told = settings.warmup_steps is None and in_force == _asked(settings, steps)
    return {} if told else {"warmup_steps": in_force}


def _asked(settings: Training, steps: int) -> int:
    """Return the warm-up that the settings ask for; a share is rounded up, as transformers rounds it."""
    if settings.warmup_steps is not None:
        return settings.warmup_steps
    assert settings.warmup is not None
    return math.ceil(steps * settings.warmup)
