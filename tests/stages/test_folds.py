"""Cross-validation over the training queries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from support.exact_search import search
from support.training_probes import weights

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import held_out
from harness.stages.folds import cross_validate
from harness.stages.lineage import record_key, train_key
from harness.stages.score import score
from harness.stages.train import train
from harness.stages.training_rows import trained
from harness.types import Data, TrainingData
from harness.vectors.embedding import embed
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench


@dataclass(frozen=True)
class Validated:
    """A cell with its store, its data and its cross-validation."""

    cell: Cell
    store: Store
    data: Data
    results: dict[str, Any]


@pytest.fixture(scope="module")
def validated(bench: Workbench) -> Validated:
    """Cross-validate a cell with three folds."""
    store = bench.store()
    cell = bench.cell("mnrl-cv", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"folds": 3}))
    data = bench.data(cell, store)
    return Validated(cell, store, data, cross_validate(cell, data, store))


def test_a_fold_is_scored_by_a_model_trained_without_it(bench: Workbench, validated: Validated) -> None:
    cell, data = validated.cell, validated.data
    folds = held_out.folds(cell, data.train)
    for number in (0, 2):
        store = bench.store()
        whole = replace(cell, place=replace(cell.place, cache=store.root))
        others = {query: docs for query, docs in data.train.items() if query not in folds[number]}
        training = TrainingData(data=replace(data, train=others), seed=0)
        folder = train(whole, training, store)
        model = trained(replace(cell, fold=number), data, validated.store)
        assert weights(folder) == weights(model)
        judged = {query: dict.fromkeys(data.train[query], 1) for query in folds[number]}
        encoder = open_model(folder, "cpu")
        queries = embed(encoder, {query: data.queries[query] for query in folds[number]}, "query", whole, store)
        ranking, _ = search(queries, embed(encoder, data.passages, "passage", whole, store), 100)
        values = score(ranking, judged, ["nDCG@10"])["nDCG@10"]
        assert validated.results["measures"]["nDCG@10"]["per_fold"][number] == sum(values.values()) / 16


def test_a_cross_validation_has_every_measure_and_its_mean(validated: Validated) -> None:
    results = validated.results
    assert (results["folds"], results["queries"]) == (3, [16, 16, 16])
    assert list(results["measures"]) == list(validated.cell.suite.evaluation.measures)
    for values in results["measures"].values():
        assert values["mean"] == sum(values["per_fold"]) / 3
        assert len(set(values["per_fold"])) == 3


def test_the_models_of_folds_are_cached(validated: Validated) -> None:
    again = Store(validated.store.root)
    assert cross_validate(validated.cell, validated.data, again) == validated.results
    assert {run.stage for run in again.runs if not run.cached} == set()
    assert sum(run.stage == "train" for run in again.runs) == 3


def test_folds_do_not_change_the_key_of_the_entrys_model(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-cv", store)
    assert train_key(cell) == train_key(bench.cell("mnrl", store))
    keys = {train_key(replace(cell, fold=number)) for number in (None, 0, 1, 2)}
    assert len(keys) == 4
    assert record_key(cell) != record_key(replace(cell, entry=cell.entry.model_copy(update={"folds": 2})))


def test_an_entry_without_folds_has_no_cross_validation(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    assert cross_validate(cell, bench.data(cell, store), store) == {}
    assert store.runs[-1].stage == "prepare"
