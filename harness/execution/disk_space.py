"""The disk that the trained models of a run take in the cache, at its peak and after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RequestError
from harness.execution.cell_costs import costs
from harness.execution.kept_models import Rule, is_trained_under, trained_keys
from harness.machine.byte_text import byte_text
from harness.machine.store import Store
from harness.machine.unwritable import nearest
from harness.request.cell import Cell
from harness.stages.model_size import model_size

# Bytes of models that a run keeps unasked: 20 models of a 118 M parameter encoder. More is a surprise on a laptop's
# disk, and a model that is wanted later is trained again bit for bit.
KEPT_UNASKED = 10 << 30
CHECKPOINT = 3  # weights and Adam's two moments, in units of a model
CHECKPOINTS = 3  # two are kept, and the trainer writes a new one before it deletes the oldest


@dataclass(frozen=True)
class DiskSpace:
    """Bytes of `models` models that a run keeps under `rule`, and needs at its peak; `free` on the disk of the cache.

    Models that are in the cache already count as none.
    """

    rule: Rule
    models: int
    kept: int
    peak: int
    free: int
    cache: Path

    def __str__(self) -> str:
        return (
            f"disk: about {byte_text(self.peak)} at peak, {byte_text(self.kept)} of it kept "
            f"({self.models} trained models, --keep-models {self.rule}); {byte_text(self.free)} free in {self.cache}"
        )

    def check(self) -> None:
        """Raise RequestError where the disk cannot hold it."""
        if self.peak <= self.free:
            return
        fewer = "" if self.rule == "none" else "add --keep-models none, "
        raise RequestError(
            f"cache folder {self.cache} has {byte_text(self.free)} free, and the run needs about "
            f"{byte_text(self.peak)} for {self.models} kept models and the running cells; {fewer}remove what is not "
            "needed with `harness cache prune`, or name a folder on another disk with --cache-dir"
        )


def disk_space(cells: Sequence[Cell], todo: Sequence[Cell], jobs: int, rule: Rule | None) -> DiskSpace | None:
    """Return what the cells `todo` of a run with `cells` take; None where none trains, or a base is not here yet.

    Without a rule it is `all` for a run whose models take at most KEPT_UNASKED together, otherwise `none`.
    """
    sizes = {str(cell): size for cell in cells if cell.method is not None and (size := _model_bytes(cell)) is not None}
    of_all = _distinct(cells, sizes)
    if rule is None:
        rule = "all" if sum(of_all.values()) <= KEPT_UNASKED else "none"
    training = [cell for cell in todo if is_trained_under(rule, cell)]
    if not training or any(str(cell) not in sizes for cell in training):
        return None
    cache = training[0].place.cache
    store = Store(cache)
    new = {key: size for key, size in _distinct(training, sizes).items() if not store.is_there("train", key)}
    kept = _kept(training, new, rule)
    passing = {key: size for key, size in new.items() if key not in kept or rule == "best"}  # a loser's goes late
    running = sorted((_while_running(cell, sizes[str(cell)], passing) for cell in training), reverse=True)[:jobs]
    return DiskSpace(
        rule, len(kept), sum(kept.values()), sum(kept.values()) + sum(running), _free(nearest(cache)), cache
    )


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _model_bytes(cell: Cell) -> int | None:
    """Return the bytes of a model of the cell: as measured on its kind, otherwise those of its base."""
    measured = costs(cell).model_bytes
    if measured is not None:
        return measured
    size = model_size(cell.suite, Store(cell.place.cache))
    return None if size is None else size.stored_bytes


def _distinct(cells: Iterable[Cell], sizes: dict[str, int]) -> dict[str, int]:
    return {key: sizes[str(cell)] for cell in cells if str(cell) in sizes for key in trained_keys(cell)}


def _kept(cells: Iterable[Cell], new: dict[str, int], rule: Rule) -> dict[str, int]:
    if rule == "all":
        return new
    if rule == "none":
        return {}
    first = {(cell.entry.name, cell.language): trained_keys(cell)[0] for cell in cells}
    return {key: new[key] for key in first.values() if key in new}


def _while_running(cell: Cell, size: int, passing: dict[str, int]) -> int:
    """Return what a running cell adds: its models that are not kept, and the checkpoints of the one that is trained."""
    models = size * sum(key in passing for key in trained_keys(cell))
    checkpoints = cell.training.checkpoint_steps is not None or cell.training.best_of is not None
    return models + (CHECKPOINTS * CHECKPOINT * size if checkpoints else 0)
