"""Average precision over labelled pairs of training queries that no model has trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.training_probes import weights

from harness.request.cell import Cell
from harness.request.manifest import LabelledPairs
from harness.stages import held_out
from harness.stages.encode import encode
from harness.stages.labelled_pairs import Pair, labelled_pairs, pair_scores
from harness.stages.lineage import pairs_key, record_inputs, record_key
from harness.stages.train import train
from harness.stats.average_precision import average_precision
from harness.types import Data, TrainingData
from harness.vectors.embedding import embed
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench

PAIRS = LabelledPairs(holdout=0.25, negatives=3)


def paired(cell: Cell, pairs: LabelledPairs | None = PAIRS) -> Cell:
    """Return the cell on its suite with labelled pairs."""
    evaluation = cell.suite.evaluation.model_copy(update={"pairs": pairs})
    return replace(cell, suite=cell.suite.model_copy(update={"evaluation": evaluation}))


def area(labels: list[bool], scores: list[float]) -> float:
    """Return the sum of precision times the step in recall, from the definition."""
    total, before, value = sum(labels), 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        above = [label for label, score in zip(labels, scores, strict=True) if score >= threshold]
        recall = sum(above) / total
        value += (recall - before) * sum(above) / len(above)
        before = recall
    return value


def test_average_precision_is_the_sum_of_its_definition_with_ties_together() -> None:
    assert average_precision([True, False, True], [0.9, 0.8, 0.7]) == pytest.approx(1 / 2 + (2 / 3) / 2)
    assert average_precision([True, False], [0.5, 0.5]) == pytest.approx(0.5)
    generator = np.random.default_rng(0)
    for _ in range(20):
        labels = [True, *(generator.random(30) < 0.3).tolist()]
        scores = generator.integers(0, 8, 31).astype(float).tolist()
        assert average_precision(labels, scores) == pytest.approx(area(labels, scores), abs=1e-12)


DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(20)},
    queries={f"q{i}": f"query {i}" for i in range(8)},
    train={f"q{i}": (f"d{i}", f"d{i + 8}") if i % 2 else (f"d{i}",) for i in range(8)},
    dev={},
)


def test_each_relevant_passage_comes_with_its_number_of_other_passages() -> None:
    pairs = list(labelled_pairs(DATA, DATA.train, 3))
    for query, relevant in DATA.train.items():
        of_query = [pair for pair in pairs if pair.query == query]
        assert [pair.doc for pair in of_query if pair.relevant] == list(relevant)
        drawn = [pair.doc for pair in of_query if not pair.relevant]
        assert len(drawn) == len({*drawn}) == 3 * len(relevant)
        assert not {*drawn} & {*relevant}


def test_the_draw_of_a_query_does_not_depend_on_the_other_queries() -> None:
    whole = list(labelled_pairs(DATA, DATA.train, 3))
    assert list(labelled_pairs(DATA, {"q3": DATA.train["q3"]}, 3)) == [pair for pair in whole if pair.query == "q3"]


def test_a_small_corpus_gives_the_negatives_that_it_has() -> None:
    small = replace(DATA, passages={"d0": "a", "d1": "b", "d2": "c"})
    first, *others = labelled_pairs(small, {"q0": ("d0",)}, 9)
    assert first == Pair("q0", "d0", True)
    assert {(pair.doc, pair.relevant) for pair in others} == {("d1", False), ("d2", False)}


def test_all_entries_and_seeds_have_the_same_held_out_queries(bench: Workbench) -> None:
    store = bench.store()
    cells = [paired(bench.cell(name, store, seed)) for name in ("base", "mnrl", "mnrl-cv") for seed in (0, 1)]
    held = [held_out.paired_queries(cell, DATA.train) for cell in cells]
    assert all(queries == held[0] for queries in held)
    assert len(held[0]) == 2


def test_the_held_out_queries_are_not_trained_on(bench: Workbench) -> None:
    cell = paired(bench.cell("mnrl", bench.store()))
    kept, _ = held_out.split(cell, TrainingData(data=DATA, seed=0))
    held = held_out.paired_queries(cell, DATA.train)
    assert set(kept.data.train) == set(DATA.train) - set(held)


def test_a_fold_and_a_choice_of_checkpoints_hold_out_further_queries(bench: Workbench) -> None:
    store = bench.store()
    best = paired(bench.cell("mnrl", store, best_of=2, best_holdout=0.5))
    kept, choosing = held_out.split(best, TrainingData(data=DATA, seed=0))
    held = held_out.paired_queries(best, DATA.train)
    assert len(kept.data.train) == len(choosing) == 3
    assert not {*held} & {*choosing}
    folded = replace(paired(bench.cell("mnrl-cv", store)), fold=0)
    kept, _ = held_out.split(folded, TrainingData(data=DATA, seed=0))
    fold = held_out.folds(folded, DATA.train)[0]
    assert set(kept.data.train) == set(DATA.train) - {*held, *fold}


@pytest.fixture(scope="module")
def scored(bench: Workbench) -> tuple[Cell, Data, Any, dict[str, Any]]:
    """A trained cell with its data, the folder of its model, and the scores of its pairs."""
    store = bench.store()
    cell = paired(bench.cell("mnrl", store))
    data = bench.data(cell, store)
    folder = bench.train(cell, store)
    source = encode(cell, folder, data, store).source
    return cell, data, folder, dict(pair_scores(cell, data, source, store))


def test_the_score_of_a_pair_is_the_cosine_of_the_model_that_did_not_see_its_query(
    bench: Workbench, scored: tuple[Cell, Data, Any, dict[str, Any]]
) -> None:
    cell, data, folder, values = scored
    held = held_out.paired_queries(cell, data.train)
    others = replace(data, train={query: docs for query, docs in data.train.items() if query not in held})
    store = bench.store()
    plain = paired(bench.cell("mnrl", store), None)
    assert weights(train(plain, TrainingData(data=others, seed=0), store)) == weights(folder)
    pairs = list(labelled_pairs(data, held, 3))
    encoder = open_model(folder, "cpu")
    queries = embed(encoder, {query: data.queries[query] for query in held}, "query", cell, store)
    passages = embed(encoder, data.passages, "passage", cell, store)
    left = {name: row / np.linalg.norm(row) for name, row in zip(queries.ids, queries.matrix, strict=True)}
    right = {name: row / np.linalg.norm(row) for name, row in zip(passages.ids, passages.matrix, strict=True)}
    cosines = [float(left[pair.query] @ right[pair.doc]) for pair in pairs]
    assert values["AUPRC"] == pytest.approx(area([pair.relevant for pair in pairs], cosines), abs=0.005)
    assert values == {"AUPRC": values["AUPRC"], "queries": 12, "relevant": 12, "sampled": 36}


def test_the_untuned_base_is_scored_on_the_same_pairs(
    bench: Workbench, scored: tuple[Cell, Data, Any, dict[str, Any]]
) -> None:
    store = bench.store()
    cell = paired(bench.cell("base", store))
    data = bench.data(cell, store)
    base = train(cell, TrainingData(data=data, seed=0), store)
    values = pair_scores(cell, data, encode(cell, base, data, store).source, store)
    assert {**values, "AUPRC": 0} == {**scored[3], "AUPRC": 0}
    assert values["AUPRC"] != scored[3]["AUPRC"]


def test_without_the_setting_nothing_is_scored_and_no_key_knows_of_it(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    data = bench.data(cell, store)
    source = encode(cell, store.root, data, store).source
    assert pair_scores(cell, data, source, store) == {}
    assert not [run for run in store.runs if run.stage == "pairs"]
    assert pairs_key(cell) not in record_inputs(cell)
    assert pairs_key(paired(cell)) in record_inputs(paired(cell))
    assert "pairs" not in cell.suite.evaluation.model_dump()


def test_a_ranker_has_no_pairs(bench: Workbench) -> None:
    cell = bench.cell("bm25", bench.store())
    assert record_inputs(cell) == record_inputs(paired(cell))
    assert record_key(cell) == record_key(paired(cell))
