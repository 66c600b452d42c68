"""The table `[training.FAMILY]` of a suite's manifest, and the learning-rate schedules that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.request.manifest import Fraction, Precision
from harness.schema import Strict, unset

Scheduler = Literal[
    "linear",
    "cosine",
    "cosine_with_restarts",
    "cosine_with_min_lr",
    "polynomial",
    "inverse_sqrt",
    "constant",
    "constant_with_warmup",
]
SCHEDULERS: Mapping[Scheduler, tuple[str, ...]] = {
    "linear": (),
    "cosine": ("num_cycles",),
    "cosine_with_restarts": ("num_cycles",),
    "cosine_with_min_lr": ("num_cycles", "min_lr_rate"),
    "polynomial": ("power", "lr_end"),
    "inverse_sqrt": ("timescale",),
    "constant": (),
    "constant_with_warmup": (),
}
"""Schedule of transformers → the settings that it takes, by their names there."""

SCHEDULERS_NEED: Mapping[Scheduler, tuple[str, float]] = {
    "cosine_with_restarts": ("num_cycles", 2),  # with its default of 1 it is `cosine`
    "cosine_with_min_lr": ("min_lr_rate", 0.1),
}
"""Schedule → a setting without which it is another one, and an example of its value."""


MAY_BE_ZERO = ("lr_end", "min_lr_rate")  # a schedule may end at 0


def _schedule_settings(settings: Mapping[str, float]) -> Mapping[str, float]:
    for name, value in settings.items():
        if value < 0 or (value == 0 and name not in MAY_BE_ZERO):
            raise ValueError(f"{name} = {value:g} must be greater than 0")
    return settings


ScheduleSettings = Annotated[Mapping[str, float], AfterValidator(_schedule_settings)]


class Training(Strict):
    """Trainer settings of one family of methods."""

    epochs: float = Field(gt=0)
    batch_size: int = Field(gt=0)
    gradient_accumulation: int = Field(default=1, gt=0)
    learning_rate: float = Field(gt=0)
    warmup: Fraction | None = Field(default=None, exclude_if=unset)  # share of all steps, rounded up
    warmup_steps: int | None = Field(default=None, gt=0, exclude_if=unset)  # their number, in place of a share
    scheduler: Scheduler = "linear"
    scheduler_settings: ScheduleSettings | None = Field(default=None, exclude_if=unset)  # see SCHEDULERS
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    dropout: Fraction | None = None  # None keeps what the base model's configuration says
    checkpoint_steps: int | None = Field(default=None, gt=0)  # an interrupted training resumes from the last one
    max_length: int | None = Field(default=None, gt=2, exclude_if=unset)  # tokens; [text] may be less
    precision: Precision = "float32"
    gradient_checkpointing: bool = False  # recompute activations instead of storing them
    pairs: int | None = Field(default=None, gt=0)  # maximum number of (query, relevant passage), by a seeded draw
    best_of: int | None = Field(default=None, gt=1)  # evaluations, evenly spaced; the best weights are kept
    best_holdout: Fraction = 0.1  # share of the training queries held out for these evaluations
    mini_batch_size: int | None = Field(default=None, gt=0, exclude_if=unset)  # rows embedded at a time: see docs

    @model_validator(mode="after")
    def _one_warmup(self) -> Training:
        if (self.warmup is None) == (self.warmup_steps is None):
            raise ValueError("give either warmup (a share of all steps) or warmup_steps (their number)")
        return self
