"""Folds: cross-validation over the training queries, where there are too few queries to evaluate on.

For each of k parts, a model is trained without the part and scored on it, against the passages that training reads
(the searched ones, but for training rows that come with passages of their own). The mean is that of the k parts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.keys import folder_sha256
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import held_out
from harness.stages.encode import encode
from harness.stages.retrieve import retrieve
from harness.stages.score import means, score
from harness.stages.training_rows import trained
from harness.types import Data


def cross_validate(cell: Cell, data: Data, store: Store) -> dict[str, Any]:
    """Return folds, queries in each, sha256 of each model, measure → mean and per_fold; {} where there are no folds."""
    if cell.entry.folds is None:
        return {}
    measures = cell.suite.evaluation.measures
    parts = held_out.folds(cell, data.train)
    per_fold: dict[str, list[float]] = {measure: [] for measure in measures}
    models: list[str] = []
    for number, queries in enumerate(parts):
        own = replace(cell, fold=number)
        judged = {query: dict.fromkeys(data.train[query], 1) for query in sorted(queries)}
        part = replace(data, dev=judged, passages=data.training_passages, pool=None)
        model = trained(own, data, store)
        models.append(folder_sha256(model))
        ranking, _ = retrieve(own, encode(own, model, part, store), store)
        for measure, mean in means(score(ranking, judged, measures)).items():
            per_fold[measure].append(mean)
    return {
        "folds": len(parts),
        "queries": [len(queries) for queries in parts],
        "models": models,
        "measures": {
            measure: {"mean": sum(values) / len(values), "per_fold": values} for measure, values in per_fold.items()
        },
    }
