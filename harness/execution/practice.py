"""What the practices of an entry (harness.request.entry.Practice) require; a violation is rejected before a run."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic import ValidationError

from harness.errors import DataError, RequestError
from harness.execution.offers import check_training_queries
from harness.request.cell import Cell
from harness.request.manifest import BuiltBase
from harness.request.overrides import OF_MINED
from harness.request.training import SCHEDULERS, SCHEDULERS_NEED, Training
from harness.schema import explain
from harness.stages.held_out import original_queries, paired_queries
from harness.stages.stage_settings import declared_rows, scored_rows, scores_pairs, trains_on_queries
from harness.types import Data, Method, Need


def check(cell: Cell) -> None:
    """Raise RequestError or DataError for a practice that the cell's entry cannot have on its suite."""
    _check_switches(cell)
    _check_joined(cell)
    _check_quality(cell)
    if cell.entry.negatives is None and Need.HARD_NEGATIVES in cell.needs:
        raise DataError(f'{cell.entry.name}: its methods need hard negatives; add negatives = "ance" or "random"')
    _check_rows(cell)
    _check_train_file(cell)
    _check_training(cell)


def _check_train_file(cell: Cell) -> None:
    """Raise RequestError for an entry that reads what the user's training rows do not have."""
    file, name = cell.suite.train_files.get(cell.language), f"{cell.entry.name}, {cell.language}"
    if cell.method is None or file is None:
        return
    if cell.entry.negatives == "ance" and not file.negatives:
        raise RequestError(
            f"{name}: it trains on hard negatives, and no row of {file.path} has 'neg'; add them to the rows, "
            "or run entries that take none (mnrl) or draw them (infonce-random)"
        )
    if Need.EXPERT_SCORES in cell.needs and not cell.suite.experts and file.scores and scored_rows(cell) is None:
        raise RequestError(
            f"{name}: the suite has no experts, and {file.path} scores its own negatives, on which this entry does not "
            'train; run an entry with negatives = "ance" and one round of mining, without --augment'
        )


def _check_rows(cell: Cell) -> None:
    """Raise RequestError or DataError for a control of a method that cannot have its rows."""
    entry = cell.entry
    if entry.same_rows_as is not None and entry.negatives is None:
        raise DataError(f'{entry.name}: same_rows_as is about negatives; add negatives = "ance" or "random"')
    try:
        _ = cell.row_needs
    except RequestError as error:
        raise DataError(f"{entry.name}: same_rows_as: {error}") from error


def _check_switches(cell: Cell) -> None:
    entry = cell.entry
    switches = [name for name in ("joined", "folds", *OF_MINED, "dimensions") if _is_on(cell, name)]
    if switches and cell.method is None:
        raise RequestError(f"{entry.name}: '{switches[0]}' needs an entry that trains, which this is not; remove it")
    for switch in OF_MINED:
        if _is_on(cell, switch) and entry.negatives != "ance":
            raise RequestError(f'{entry.name}: {switch} needs negatives mined by a model; add negatives = "ance"')
    dimensions = [*entry.dimensions, *cell.suite.evaluation.dimensions]
    if any(dimension < 1 for dimension in dimensions):
        raise RequestError(f"{entry.name}: dimensions must be at least 1, not {min(dimensions)}")
    for listed in (entry.dimensions, cell.suite.evaluation.dimensions):
        if twice := [dimension for dimension in listed if listed.count(dimension) > 1]:
            raise RequestError(f"{entry.name}: dimension {twice[0]} is given twice; give each once")
    if isinstance(cell.suite.base_model, BuiltBase):
        check_dimensions([cell], cell.suite.base_model.hidden_size)


def _check_quality(cell: Cell) -> None:
    """Raise RequestError for a minimum quality of NLI rows where none are read, or they have no scores."""
    if cell.entry.minimum_quality is None:
        return
    declared, name = cell.suite.languages[cell.language], f"{cell.entry.name}, {cell.language}"
    if Need.NLI not in cell.needs:
        raise RequestError(f"{name}: minimum_quality needs a method that trains on NLI rows; remove it")
    if declared.nli is not None and declared.nli_quality is None and declared.nli_degraded is None:
        raise RequestError(
            f"{name}: nli.minimum_quality needs a score for each NLI row, and suite {cell.suite.name} has none; "
            f"leave it out, or add [languages.{cell.language}.nli_quality] to the manifest"
        )


def _is_on(cell: Cell, name: str) -> bool:
    return getattr(cell.entry, name) not in ((), None, 1)


def _check_joined(cell: Cell) -> None:
    entry = cell.entry
    names = [entry.method, *entry.joined]
    if entry.joined and declared_rows(cell) is not None:
        raise DataError(f"{entry.name}: rows that are drawn in each epoch take no joined method; remove 'joined'")
    for name in entry.joined:
        if names.count(name) > 1:
            raise DataError(f"{entry.name}: '{name}' is trained twice; name each method once")
        if not isinstance(cell.joined[name], Method):
            raise DataError(f"{entry.name}: joined '{name}' is an adapter or a ranker, not a method; remove it")


def _check_training(cell: Cell) -> None:
    if cell.method is None or cell.method.family not in cell.suite.training:
        return
    try:
        _check_schedule(cell.entry.name, cell.training)
    except ValidationError as error:
        raise DataError(f"{cell.entry.name}: training: {explain(error)}") from error


def _check_schedule(name: str, training: Training) -> None:
    """Raise RequestError for a setting that the training's schedule does not read, or lacks."""
    scheduler, given = training.scheduler, training.scheduler_settings or {}
    known = SCHEDULERS[scheduler]
    for setting in given:
        if setting not in known:
            raise RequestError(
                f"{name}: train.scheduler_settings: {scheduler} has no '{setting}'; "
                f"its settings: {', '.join(known) or 'none'}"
            )
    needed = SCHEDULERS_NEED.get(scheduler)
    if needed is not None and needed[0] not in given:
        example = json.dumps({needed[0]: needed[1]})
        raise RequestError(
            f"{name}: train.scheduler {scheduler} needs {needed[0]}; add --set 'train.scheduler_settings={example}'"
        )
    if scheduler == "constant" and (training.warmup or training.warmup_steps):
        raise RequestError(
            f"{name}: train.scheduler constant has no warm-up; "
            "add --set train.warmup=0, or use --set train.scheduler=constant_with_warmup"
        )


def check_dimensions(cells: Iterable[Cell], size: int) -> None:
    """Raise RequestError where vectors of `size` dimensions are to be truncated to more."""
    for cell in cells:
        entry, suite = cell.entry, cell.suite
        for owner, dimensions in (
            (f"entry {entry.name}", entry.dimensions),
            (f"suite {suite.name}", suite.evaluation.dimensions),
        ):
            if dimensions and max(dimensions) > size:
                raise RequestError(
                    f"{owner}: vectors of {size} dimensions cannot be truncated to {max(dimensions)}; "
                    f"give dimensions of at most {size}"
                )


def check_data(cell: Cell, data: Data) -> None:
    """Raise RequestError where there are too few training queries for folds, labelled pairs or held-out queries."""
    name = f"{cell.entry.name}, {cell.language}"
    if scores_pairs(cell) and not original_queries(data.train):
        raise RequestError(f"{name}: evaluate.pairs holds training queries out, and there are none; leave it out")
    if cell.method is None:
        return
    check_training_queries(cell, data)
    queries = trained = len(original_queries(data.train))
    if cell.entry.folds is not None:
        if cell.entry.folds > queries:
            raise RequestError(f"{name}: {cell.entry.folds} folds need as many training queries, not {queries}")
        trained = queries - -(-queries // cell.entry.folds)
    paired = len(paired_queries(cell, data.train))
    if paired and trains_on_queries(cell) and trained <= paired:
        raise RequestError(
            f"{name}: no training query is left beside the {paired} of the labelled pairs; "
            "lower the holdout of evaluate.pairs"
        )
    trained -= paired
    if cell.training.best_of is not None and trained < 2:
        raise RequestError(
            f"{name}: no training query is left beside those that choose the best checkpoint; remove best_of"
        )
