"""Which trained models stay in the cache after a run (`--keep-models`); the others go when no cell needs them.

    all     every model
    best    of each entry and language, the model of the seed with the best primary score (of equal ones, the lowest)
    none    no model

A cell needs its own model, those of its folds, and those of the rounds of mining before its own, until it has ended.
Models that were in the cache before the run stay, and so do those of a failed cell: the same command resumes from them.
A model that is gone is trained again, bit for bit, when something is computed with it. Where models are kept it is also
trained by a cell that has no record in the output folder, though its ranking and scores are in the cache; with `none`
such a cell trains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from harness.errors import DataError
from harness.execution.executor import Outcome
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record
from harness.stages.lineage import train_key
from harness.stages.stage_settings import previous_round
from harness.stages.trained_model import forget, trains

Rule = Literal["none", "best", "all"]
Best = tuple[float, int, str]  # primary score, minus the seed, key


def trained_keys(cell: Cell) -> list[str]:
    """Return the keys of the models that a cell trains, its own first; none for one that does not train."""
    return list(dict.fromkeys(map(train_key, _trained(cell)))) if cell.method is not None else []


def _trained(cell: Cell) -> Iterator[Cell]:
    for fold in (None, *range(cell.entry.folds or 0)):
        step: Cell | None = replace(cell, fold=fold)
        while step is not None:
            yield step
            step = previous_round(step)


def is_trained_under(rule: Rule, cell: Cell) -> bool:
    """Return whether a cell without a record trains under a rule, unless its model is in the cache."""
    return cell.method is not None and (rule != "none" or trains(cell, Store(cell.place.cache)))


class KeptModels:
    """The models of a run's cells in `todo`, whose records are below `folder`; `done` are the cells done before."""

    def __init__(self, rule: Rule, todo: Iterable[Cell], done: Iterable[Cell], folder: Path) -> None:
        self._rule, self._folder = rule, folder
        self._needed_by: dict[str, set[str]] = {}
        self._best: dict[tuple[str, str], Best] = {}
        self._made: set[str] = set()
        for cell in todo:
            store = Store(cell.place.cache)
            if rule != "none":
                forget(cell, store)
            for key in trained_keys(cell) if rule != "all" else ():
                if not store.is_there("train", key):
                    self._needed_by.setdefault(key, set()).add(str(cell))
        for cell in done:
            self._compare(cell)

    def ended(self, outcome: Outcome) -> None:
        """Remove what a cell that has ended no longer needs, and is not kept."""
        cell = outcome.cell
        if outcome.reason or self._rule == "all":
            return
        self._compare(cell)
        for key in trained_keys(cell):
            if key in self._needed_by:
                self._needed_by[key].discard(str(cell))
                self._made.add(key)
        kept = {key for _, _, key in self._best.values()}
        for key in sorted(self._made - kept):
            if not self._needed_by[key] and Store(cell.place.cache).remove("train", key):
                self._made.discard(key)

    def _compare(self, cell: Cell) -> None:
        """Note a done cell where it is the best so far of its entry and language."""
        if self._rule != "best" or cell.method is None:
            return
        try:
            stored = record.read(record.path_of(self._folder, cell.entry.name, cell.language, cell.seed))
        except DataError:
            return
        pair, score = (cell.entry.name, cell.language), stored.measures[cell.suite.evaluation.primary]
        new = (score, -cell.seed, train_key(cell))
        self._best[pair] = max(new, self._best.get(pair, new))
