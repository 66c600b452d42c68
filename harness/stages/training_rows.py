"""Training rows: augment → mine → write → consult, the one order for a cell, its folds and its rounds of mining.

Rounds: round 1 mines with the untuned base. In round r, the model that round r-1 trained ranks the passages, and
training starts again from the base on what it mined (as Xiong et al. 2021 refresh their negatives, but between
trainings and not within one). The model of a round is that of the same entry with fewer rounds, so rounds share what
is cached.

`data` are those that `augment` returns: each function starts after that stage.
"""

from __future__ import annotations

from pathlib import Path

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.augment import AUGMENT
from harness.stages.base_model import base_model
from harness.stages.base_vectors import BaseVectors
from harness.stages.consult import consult
from harness.stages.mine import mine
from harness.stages.model_vectors import ModelVectors
from harness.stages.stage_settings import previous_round
from harness.stages.train import train
from harness.stages.trained_model import Model, trained_model
from harness.stages.write import WRITE, write
from harness.types import Data, TrainingData

WRITER_STAGES = (AUGMENT, WRITE)


def training_rows(cell: Cell, data: Data, store: Store) -> TrainingData:
    """Return what the cell's method makes its examples from."""
    training = mined(cell, data, store)  # hard negatives
    training = write(cell, training, store)  # the queries that the negatives answer
    return consult(cell, training, store)  # experts' scores


def mined(cell: Cell, data: Data, store: Store) -> TrainingData:
    """Return the training data with the negatives of the cell's last round of mining."""
    return mine(cell, data, miner(cell, data, store), store)


def miner(cell: Cell, data: Data, store: Store) -> ModelVectors:
    """Return the vectors that mine the cell's negatives: the base's, or those of the model of the round before."""
    previous = previous_round(cell)
    if previous is None:
        return BaseVectors(cell, store, lambda: base_model(cell.suite, cell.place, store))
    return ModelVectors(cell, store, lambda: trained(previous, data, store))


def trained(cell: Cell, data: Data, store: Store) -> Path:
    """Return the folder of the cell's model, trained on rows that are made here."""
    return train(cell, training_rows(cell, data, store), store)


def described(cell: Cell, data: Data, store: Store) -> Model:
    """Return the cell's model with what a record says of it; rows are made, and it is trained, where that is needed."""
    return trained_model(cell, training_rows(cell, data, store), store)
