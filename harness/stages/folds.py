"""Folds: cross-validation over the training queries, where there are too few queries to evaluate on.

For each of k folds, a model is trained without the fold and scored on it, against the passages that training reads:
the searched ones, unless the training rows come with passages of their own. The mean is over the k folds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import held_out
from harness.stages.encode import encode
from harness.stages.retrieve import retrieve
from harness.stages.score import means, score
from harness.stages.training_rows import described
from harness.types import Data


def cross_validate(cell: Cell, data: Data, store: Store) -> dict[str, Any]:
    """Return folds, queries in each, sha256 of each model, measure → mean and per_fold; {} where there are no folds.

    `data` are those that `augment` returns.
    """
    if cell.entry.folds is None:
        return {}
    measures = cell.suite.evaluation.measures
    folds = held_out.folds(cell, data.train)
    per_fold: dict[str, list[float]] = {measure: [] for measure in measures}
    models: list[str] = []
    for number, queries in enumerate(folds):
        fold_cell = replace(cell, fold=number)
        judged = {query: dict.fromkeys(data.train[query], 1) for query in sorted(queries)}
        fold_data = replace(data, dev=judged, passages=data.training_passages, pool=None)
        model = described(fold_cell, data, store)
        models.append(model.sha256)
        ranking, _ = retrieve(fold_cell, encode(fold_cell, model.folder, fold_data, store), store)
        for measure, mean in means(score(ranking, judged, measures)).items():
            per_fold[measure].append(mean)
    return {
        "folds": len(folds),
        "queries": [len(queries) for queries in folds],
        "models": models,
        "measures": {
            measure: {"mean": sum(values) / len(values), "per_fold": values} for measure, values in per_fold.items()
        },
    }
