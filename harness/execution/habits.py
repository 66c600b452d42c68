"""What the habits of an entry (harness.request.entries.Practice) require; a violation is rejected before a run."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from harness.errors import DataError, RequestError
from harness.request.cell import Cell
from harness.request.manifest import BuiltBase
from harness.schema import explain
from harness.stages.held_out import original_queries
from harness.types import Data, Method, Need


def refuse(cell: Cell) -> None:
    """Raise RequestError or DataError for habits that an entry cannot have on its suite."""
    entry = cell.entry
    untrained = [name for name in ("joined", "folds", "mining_rounds", "dimensions") if _is_on(cell, name)]
    if untrained and cell.method is None:
        raise RequestError(
            f"{entry.name}: '{untrained[0]}' is for entries that train, and this one does not; leave it out"
        )
    if entry.mining_rounds > 1 and entry.negatives != "ance":
        raise RequestError(f'{entry.name}: mining_rounds are of negatives that a model mines; add negatives = "ance"')
    _refuse_joined(cell)
    if entry.negatives is None and Need.HARD_NEGATIVES in cell.needs:
        raise DataError(f'{entry.name}: its methods want hard negatives; add negatives = "ance" or "random"')
    dimensions = [*entry.dimensions, *cell.suite.evaluation.dimensions]
    if any(cut < 1 for cut in dimensions):
        raise RequestError(f"{entry.name}: {min(dimensions)} dimensions are none; dimensions are integers from 1 on")
    if isinstance(cell.suite.base_model, BuiltBase):
        refuse_dimensions([cell], cell.suite.base_model.hidden_size)
    if cell.method is not None and cell.method.family in cell.suite.training:
        try:
            _ = cell.training
        except ValidationError as error:
            raise DataError(f"{entry.name}: training: {explain(error)}") from error


def _is_on(cell: Cell, name: str) -> bool:
    return getattr(cell.entry, name) not in ((), None, 1)


def _refuse_joined(cell: Cell) -> None:
    entry = cell.entry
    names = [entry.method, *entry.joined]
    for name in entry.joined:
        if names.count(name) > 1:
            raise DataError(f"{entry.name}: '{name}' is trained twice; name each method once")
        if not isinstance(cell.joined[name], Method):
            raise DataError(f"{entry.name}: joined '{name}' is no method, but an adapter or a ranker; leave it out")


def refuse_dimensions(cells: Iterable[Cell], whole: int) -> None:
    """Raise RequestError where vectors of `whole` dimensions are to be cut to more."""
    for cell in cells:
        for what, asked in (("entry", cell.entry.dimensions), ("suite", cell.suite.evaluation.dimensions)):
            if asked and max(asked) > whole:
                name = cell.entry.name if what == "entry" else cell.suite.name
                raise RequestError(
                    f"{what} {name}: vectors of {whole} dimensions cannot be cut to {max(asked)}; name fewer dimensions"
                )


def refuse_data(cell: Cell, data: Data) -> None:
    """Raise RequestError where there are too few training queries for an entry's folds or held-out queries."""
    if cell.method is None:
        return
    name = f"{cell.entry.name}, {cell.language}"
    left = count = len(original_queries(data.train))
    if cell.entry.folds is not None:
        if cell.entry.folds > count:
            raise RequestError(f"{name}: {cell.entry.folds} folds of {count} training queries; ask for fewer folds")
        left = count - -(-count // cell.entry.folds)
    if cell.training.best_of is not None and left < 2:
        raise RequestError(
            f"{name}: no training query is left beside those that choose the best step; leave best_of out"
        )
