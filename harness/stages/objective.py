"""Objective: the rows and the losses of a cell's method, and of the methods that are trained together with it.

Several objectives train together batch by batch: every batch belongs to one objective, in seeded shuffled order, and
every row of each is seen (sentence-transformers' proportional sampler).

Matryoshka (Kusupati et al. 2022, arXiv 2205.13147): with `dimensions`, the loss is summed over the vectors cut to each
of them and the full vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import CellError, quantity
from harness.request.cell import Cell
from harness.request.column_roles import declared_columns
from harness.stages import gradient_cache
from harness.stages.epoch_rows import rows_by_epoch
from harness.stages.row_checks import check_rows
from harness.stages.text_columns import Declared
from harness.types import TrainingData

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from sentence_transformers import SentenceTransformer
    from torch import nn

Rows = Mapping[str, Sequence["Dataset"]]
"""Objective → its training rows of every epoch, or only once if all epochs have the same."""

SEEN, MASKED = "rows_seen", "masked_pairs"  # in the trainer's log, so that a resumed training knows them


def declared(cell: Cell) -> dict[str, Declared]:
    """Return objective → the roles of columns that its method declares."""
    return {name: declared_columns(method) for name, method in cell.objectives.items()}


def examples(cell: Cell, training: TrainingData) -> Rows:
    """Return the training rows of each objective; raises CellError where one has none, or one cannot be trained on."""
    rows = {}
    for name, method in cell.objectives.items():
        rows[name] = rows_by_epoch(cell, method, training)
        if len(rows[name][0]) == 0:
            raise CellError(f"{name} made no training row from {quantity(len(training.data.train), 'training query')}")
        for dataset in rows[name]:
            check_rows(name, dataset, declared_columns(method), training)
    return rows


def together(rows: Rows) -> Dataset | DatasetDict:
    """Return the rows as the trainer takes them: one dataset, or several objectives' datasets by name."""
    from datasets import DatasetDict, concatenate_datasets

    joined = {name: concatenate_datasets(list(datasets)) for name, datasets in rows.items()}
    return DatasetDict(joined) if len(joined) > 1 else next(iter(joined.values()))


def batches(rows: Rows, batch_size: int) -> int:
    """Return the batches of an epoch."""
    return sum(math.ceil(len(datasets[0]) / batch_size) for datasets in rows.values())


def rows_of(features: Mapping[str, Any]) -> int:
    """Return the number of texts in a batch of one column; in one of static embeddings, all tokens are in one row."""
    if "offsets" in features:
        return len(features["offsets"])
    return len(next(value for value in features.values() if hasattr(value, "shape")))


class Objective:
    """The losses of a cell, the rows that each has read (docs/traps.md, T17 and T18) and the pairs left out.

    A loss that leaves pairs of query and passage out has `masked_pairs(labels) -> int`, their number in a batch.
    """

    def __init__(self, cell: Cell, model: SentenceTransformer) -> None:
        plain = {name: method.loss(model) for name, method in cell.objectives.items()}
        self.losses = {
            name: gradient_cache.cached(cell, name, self._loss(cell, loss, model), model)
            for name, loss in plain.items()
        }
        self.seen = dict.fromkeys(self.losses, 0)
        self.masks: dict[str, Any] = {
            name: loss.masked_pairs for name, loss in plain.items() if hasattr(loss, "masked_pairs")
        }
        self.masked = dict.fromkeys(self.masks, 0)
        for name, loss in self.losses.items():
            loss.register_forward_pre_hook(lambda _, arguments, name=name: self._count(name, *arguments))

    @property
    def loss(self) -> nn.Module | dict[str, nn.Module]:
        """The loss as the trainer takes it: one module, or several objectives' modules by name."""
        return self.losses if len(self.losses) > 1 else next(iter(self.losses.values()))

    @staticmethod
    def _loss(cell: Cell, loss: nn.Module, model: SentenceTransformer) -> nn.Module:
        from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss

        if not cell.entry.dimensions:
            return loss
        full = model.get_embedding_dimension()
        assert full is not None
        return MatryoshkaLoss(model, loss, sorted({full, *cell.entry.dimensions}, reverse=True))

    def _count(self, name: str, features: Iterable[Mapping[str, Any]], labels: Any = None) -> None:
        self.seen[name] += rows_of(next(iter(features)))
        if name in self.masks:
            self.masked[name] += self.masks[name](labels)

    def watch(self) -> Any:
        """Return the callback that stores the counts in the trainer's log."""
        from transformers import TrainerCallback

        counts = {SEEN: self.seen, MASKED: self.masked}

        class Watch(TrainerCallback):
            def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                for name, count in counts.items():
                    logged = [entry[name] for entry in state.log_history if name in entry]
                    count.update(logged[-1] if logged else {})  # of the steps before the checkpoint

            def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
                if logs and "loss" in logs:
                    state.log_history[-1].update({name: dict(count) for name, count in counts.items()})

        return Watch()

    def log(self, rows: Rows) -> dict[str, Any]:
        """Return the rows of an epoch, their columns, the rows read and the pairs left out over all epochs.

        By objective where there are several; no pairs for a loss that cannot leave any out.
        """
        columns = {name: list(datasets[0].column_names) for name, datasets in rows.items()}
        numbers = {name: len(datasets[0]) for name, datasets in rows.items()}
        facts: dict[str, Any] = {"rows": sum(numbers.values()), "columns": next(iter(columns.values()))}
        if len(rows) > 1:
            facts |= {"columns": columns, "rows_of": numbers}
        if any(len(datasets) > 1 for datasets in rows.values()):
            facts["drawn_epochs"] = max(len(datasets) for datasets in rows.values())
        return facts | {SEEN: dict(self.seen), **({MASKED: dict(self.masked)} if self.masked else {})}

    def check(self, rows: Rows, epochs: float) -> None:
        """Raise CellError where an objective did not read each of its rows once per epoch; skipped for part epochs."""
        if epochs != int(epochs):
            return
        for name, datasets in rows.items():
            expected = len(datasets[0]) * int(epochs)
            if self.seen[name] != expected:
                raise CellError(f"{name} saw {self.seen[name]} rows of {expected}: rows were dropped")
