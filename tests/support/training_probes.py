"""What tests read of a training: the folder it left, and what the trainer was given, read and saved on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Row = tuple[int, ...]  # the tokens of a row's first column without padding


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def log_of(folder: Path) -> Any:
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def texts_of(dataset: Any) -> set[str]:
    """Return all texts of a trainer's dataset."""
    return {text for name in dataset.column_names if name != "label" for text in dataset[name]}


@dataclass(frozen=True)
class Batch:
    """One batch that a loss was computed on."""

    objective: str  # "" where there is only one
    rows: list[Row]
    columns: int  # of text


@dataclass
class Recording:
    """What the trainers of one test were given, read and saved."""

    datasets: list[Any] = field(default_factory=list)
    losses: list[Any] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    dropout: set[float] = field(default_factory=set)
    checkpoints: dict[int, bytes] = field(default_factory=dict)  # step → weights

    @property
    def rows(self) -> list[Row]:
        return [row for batch in self.batches for row in batch.rows]


def record_trainers(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Return a recording that every trainer writes to from now on."""
    from sentence_transformers import SentenceTransformerTrainer as Trainer
    from torch import nn

    recording = Recording()
    begin, compute, save = Trainer.__init__, Trainer.compute_loss, Trainer._save_checkpoint

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - replaces the trainer's method
        recording.datasets.append(options["train_dataset"])
        recording.losses.append(options["loss"])
        begin(self, **options)

    def compute_loss(self: Any, model: Any, inputs: dict[str, Any], **options: Any) -> Any:
        tokens = [value for name, value in inputs.items() if name.endswith("input_ids")]
        rows = [tuple(token for token in row if token != 1) for row in tokens[0].tolist()]
        recording.batches.append(Batch(inputs.get("dataset_name", ""), rows, len(tokens)))
        recording.dropout |= {module.p for module in model.modules() if isinstance(module, nn.Dropout)}
        return compute(self, model, inputs, **options)

    def _save_checkpoint(self: Any, *arguments: Any, **options: Any) -> None:
        save(self, *arguments, **options)
        step = self.state.global_step
        recording.checkpoints[step] = weights(Path(self.args.output_dir) / f"checkpoint-{step}")

    monkeypatch.setattr(Trainer, "__init__", __init__)
    monkeypatch.setattr(Trainer, "compute_loss", compute_loss)
    monkeypatch.setattr(Trainer, "_save_checkpoint", _save_checkpoint)
    return recording


class Killed(BaseException):
    """Stands for the end of a process."""


def kill_at(step: int) -> Callable[[str, int, int], None]:
    """Return a store's `progress` that ends the training after a step."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "train" and done == step:
            raise Killed

    return progress


def note_steps(steps: list[int]) -> Callable[[str, int, int], None]:
    """Return a store's `progress` that notes every step of a training."""
    return lambda stage, done, total: steps.append(done) if stage == "train" else None
