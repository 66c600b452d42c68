"""Rows that are drawn again in every epoch, as the published code of arXiv 2412.17364 draws them (its data.py).

One row per query and epoch: its positive and its negatives, with the queries that these answer, are drawn in each epoch
(`TrainingData.epoch`). The rows of an epoch are shuffled and the last one is dropped. All draws are seeded by the cell
and the epoch, so that a method and its control train on equal rows, and a resumed training on those of its epoch.

The trainer is given the rows of all epochs, one epoch after another, and takes its batches from those of the current
epoch.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.keys import derive
from harness.request.cell import Cell
from harness.stages.stage_settings import declared_rows
from harness.types import Method, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset


def drawn_in_each_epoch(cell: Cell) -> int | None:
    """Return the number of epochs whose rows are drawn; None where the rows are drawn once for all epochs."""
    return math.ceil(cell.training.epochs) if declared_rows(cell) is not None else None


def rows_by_epoch(cell: Cell, method: Method, training: TrainingData) -> list[Dataset]:
    """Return a method's training rows: of every epoch, or once if all epochs have the same."""
    epochs = drawn_in_each_epoch(cell)
    if epochs is None:
        return [method.examples(training)]
    rows = [_shuffled(method.examples(replace(training, epoch=epoch)), cell.seed, epoch) for epoch in range(epochs)]
    if len({len(dataset) for dataset in rows}) > 1:
        raise CellError(f"epochs have different numbers of rows: {', '.join(str(len(dataset)) for dataset in rows)}")
    return rows


def _shuffled(rows: Dataset, seed: int, epoch: int) -> Dataset:
    """Return the rows in a seeded order without the last one."""
    order = list(range(len(rows)))
    random.Random(derive(seed, "order", epoch)).shuffle(order)
    return rows.select(order[:-1])


def sampler_argument(cell: Cell) -> dict[str, Any]:
    """Return the trainer's argument that makes it take each epoch's batches from that epoch's rows."""
    epochs = drawn_in_each_epoch(cell)
    return {} if epochs is None else {"batch_sampler": partial(epoch_batches, epochs)}


def epoch_batches(epochs: int, dataset: Sequence[Any], batch_size: int, **_: Any) -> EpochBatches:
    """Return the batches of a dataset that holds the rows of `epochs` epochs."""
    return EpochBatches(len(dataset) // epochs, batch_size)


@dataclass
class EpochBatches:
    """Batches of consecutive rows, from the part of the dataset that belongs to the epoch."""

    rows: int  # of an epoch
    batch_size: int
    drop_last: bool = False
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Take the next batches from the rows of `epoch`."""
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(self.rows / self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        first, end = self.epoch * self.rows, (self.epoch + 1) * self.rows
        for start in range(first, end, self.batch_size):
            yield list(range(start, min(start + self.batch_size, end)))
