"""A cell's model, and what a record says of it: the hashes of its files, and its training as it went.

A trained model is often not kept after its run (`--keep-models`). What a record says of it is stored apart from it, so
that a cell whose ranking and task scores are in the cache gets its record without a training. The model is trained,
bit for bit, when something is to be computed with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.machine.file_hashes import file_sha256, folder_sha256
from harness.machine.store import VALUE, Store
from harness.request.cell import Cell
from harness.stages.lineage import description_key, pairs_key, retrieve_key, task_key, train_key
from harness.stages.stage_settings import scores_pairs, tasks_of
from harness.stages.train import LOG, train
from harness.types import TrainingData

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # files that hold a network's parameters


@dataclass(frozen=True)
class Model:
    """A cell's model; the files of `folder` may be gone where nothing is to be computed with them.

    `sha256` is that of the folder, `weights` has file → sha256, `log` is that of its training, None without one.
    """

    folder: Path
    sha256: str
    weights: Mapping[str, str]
    log: Mapping[str, Any] | None = None


def trained_model(cell: Cell, training: TrainingData, store: Store) -> Model:
    """Return the cell's model; it is trained if it is not in the store and something is to be computed with it."""
    if cell.method is None:
        folder = train(cell, training, store)
        return Model(folder, folder_sha256(folder), _weights(folder))
    apart = Store(cell.place.cache)  # the description is no stage of the cell
    stage, key = "description", description_key(cell)
    known = None if is_to_train(cell, store) or store.is_there("train", train_key(cell)) else apart.find(stage, key)
    if known is None:
        folder = train(cell, training, store)
        described = apart.read_json(stage, key, lambda: _describe(folder, store))
    else:
        described = json.loads((known / VALUE).read_text(encoding="utf-8"))
        store.recalled("train", train_key(cell), described)
    fields = {name: described[name] for name in ("sha256", "weights", "log")}
    return Model(store.folder("train", train_key(cell)), **fields)


def trains(cell: Cell, store: Store) -> bool:
    """Return whether a cell that has not run yet will train its own model, or that of one of its folds."""
    return any(is_to_train(each, store) for each in _with_folds(cell))


def forget(cell: Cell, store: Store) -> None:
    """Remove what stands in for the cell's models that are gone, so that they are trained again."""
    if cell.method is not None:
        for each in _with_folds(cell):
            if not store.is_there("train", train_key(each)) and store.is_there("description", description_key(each)):
                store.remove("description", description_key(each))


def _with_folds(cell: Cell) -> Iterator[Cell]:
    yield from (replace(cell, fold=fold) for fold in (None, *range(cell.entry.folds or 0)))


def is_to_train(cell: Cell, store: Store) -> bool:
    """Return whether the cell's model is to be trained: it is not in the store, and something is computed with it."""
    if cell.method is None or store.is_there("train", train_key(cell)):
        return False
    tasks = [] if cell.fold is not None else [("tasks", task_key(cell, task)) for task in tasks_of(cell)]
    pairs = [("pairs", pairs_key(cell))] if scores_pairs(cell) and cell.fold is None else []
    outputs = [("description", description_key(cell)), ("retrieve", retrieve_key(cell)), *tasks, *pairs]
    return any(store.find(stage, key) is None for stage, key in outputs)


def _describe(folder: Path, store: Store) -> dict[str, Any]:
    """Return what a record says of a model that `store` has just trained or found."""
    run = store.runs[-1]
    return {
        "sha256": folder_sha256(folder),
        "weights": _weights(folder),
        "log": json.loads((folder / LOG).read_text(encoding="utf-8")),
        "made_by": store.makers.get(run.made_by),
        "found": run.found,
        **(run.cost.model_dump() if run.cost else {}),
    }


def _weights(folder: Path) -> dict[str, str]:
    files = sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern))
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
