"""Rounds of mining: after the first, negatives are mined with the model of the round before.

Round 1 mines with the untuned base. In round r, the model that round r-1 trained ranks the passages, and training
starts anew from the base on what it mined (as Xiong et al. 2021 refresh their negatives, but between trainings and not
within one). The model of a round is that of the same entry with fewer rounds, so that rounds share what is cached.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import base_model
from harness.types import Data


def previous(cell: Cell) -> Cell | None:
    """Return the cell of the round before; None in the first."""
    rounds = cell.entry.mining_rounds
    return replace(cell, entry=cell.entry.model_copy(update={"mining_rounds": rounds - 1})) if rounds > 1 else None


def miner_key(cell: Cell) -> str:
    """Return the key of the model that mines the cell's negatives."""
    from harness.stages import train  # a model mines what the next one trains on: these stages need each other

    before = previous(cell)
    return base_model.key_of(cell.suite) if before is None else train.key_of(before)


def miner(cell: Cell, data: Data, store: Store) -> Path:
    """Return the folder of the model that mines the cell's negatives."""
    before = previous(cell)
    return base_model.base_model(cell.suite, cell.place, store) if before is None else trained(before, data, store)


def trained(cell: Cell, data: Data, store: Store) -> Path:
    """Return the folder of a cell's model, from its data on."""
    from harness.stages.consult import consult
    from harness.stages.mine import mine
    from harness.stages.train import train
    from harness.stages.write import write

    return train(cell, consult(cell, write(cell, mine(cell, data, store), store), store), store)
