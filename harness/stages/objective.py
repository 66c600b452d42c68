"""Objective: the rows and the losses of a cell's method, and of those that are trained together with it.

Several objectives train together batch by batch: every batch is of one objective, their order a seeded shuffle, each
as often as it has batches (sentence-transformers' proportional sampler), so that every row of each is seen.

Matryoshka (Kusupati et al. 2022, arXiv 2205.13147): with `dimensions`, the loss is the sum of the same loss on the
vectors cut to each of them, and on the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.request.cell import Cell
from harness.types import Method, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from sentence_transformers import SentenceTransformer
    from torch import nn

SEEN = "rows_seen"  # in the trainer's log, so that a resumed training knows it


def methods(cell: Cell) -> dict[str, Method]:
    """Return a cell's objectives by name, the entry's own first."""
    assert cell.method is not None
    assert cell.entry.method is not None
    return {cell.entry.method: cell.method, **cell.joined}


def examples(cell: Cell, training: TrainingData) -> dict[str, Dataset]:
    """Return the training rows of each objective; raises CellError where one has none."""
    rows = {}
    for name, method in methods(cell).items():
        rows[name] = method.examples(training)
        if len(rows[name]) == 0:
            raise CellError(f"{name} made no training row from {len(training.data.train)} queries")
    return rows


def together(rows: Mapping[str, Dataset]) -> Dataset | DatasetDict:
    """Return what the trainer takes: the rows themselves, or those of several objectives by name."""
    from datasets import DatasetDict

    return DatasetDict(dict(rows)) if len(rows) > 1 else next(iter(rows.values()))


def batches(rows: Mapping[str, Dataset], batch_size: int) -> int:
    """Return the batches of an epoch."""
    return sum(math.ceil(len(own) / batch_size) for own in rows.values())


class Objective:
    """The losses of a cell, and how many rows each of them has read (traps T17 and T18)."""

    def __init__(self, cell: Cell, model: SentenceTransformer) -> None:
        self.losses = {name: self._loss(cell, method, model) for name, method in methods(cell).items()}
        self.seen = dict.fromkeys(self.losses, 0)
        for name, loss in self.losses.items():
            loss.register_forward_pre_hook(lambda _, arguments, name=name: self._count(name, arguments))

    @property
    def loss(self) -> nn.Module | dict[str, nn.Module]:
        """What the trainer takes."""
        return self.losses if len(self.losses) > 1 else next(iter(self.losses.values()))

    @staticmethod
    def _loss(cell: Cell, method: Method, model: SentenceTransformer) -> nn.Module:
        from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss

        loss = method.loss(model)
        if not cell.entry.dimensions:
            return loss
        whole = model.get_embedding_dimension()
        assert whole is not None
        return MatryoshkaLoss(model, loss, sorted({whole, *cell.entry.dimensions}, reverse=True))

    def _count(self, name: str, arguments: tuple[Any, ...]) -> None:
        first_column = next(iter(arguments[0]))
        self.seen[name] += len(next(value for value in first_column.values() if hasattr(value, "shape")))

    def watch(self) -> Any:
        """Return the callback that keeps the counts with the trainer's log."""
        from transformers import TrainerCallback

        seen = self.seen

        class Watch(TrainerCallback):
            def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                logged = [line[SEEN] for line in state.log_history if SEEN in line]
                seen.update(logged[-1] if logged else {})  # those before the checkpoint

            def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
                if logs and "loss" in logs:
                    state.log_history[-1][SEEN] = dict(seen)

        return Watch()

    def log(self, rows: Mapping[str, Dataset]) -> dict[str, Any]:
        """Return the rows in all with their columns, and the rows read; by objective where there are several."""
        columns = {name: list(own.column_names) for name, own in rows.items()}
        found: dict[str, Any] = {"rows": sum(map(len, rows.values())), "columns": next(iter(columns.values()))}
        if len(rows) > 1:
            found |= {"columns": columns, "rows_of": {name: len(own) for name, own in rows.items()}}
        return found | {SEEN: dict(self.seen)}

    def check(self, rows: Mapping[str, Dataset], epochs: float) -> None:
        """Raise CellError where an objective has not read every row of its own once in each of all whole epochs."""
        for name, own in rows.items():
            if epochs == int(epochs) and self.seen[name] != len(own) * int(epochs):
                raise CellError(f"{name} saw {self.seen[name]} rows of {len(own) * int(epochs)}: rows were dropped")
