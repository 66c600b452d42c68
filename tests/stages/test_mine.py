"""Negatives, and the queries that they answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.training_probes import log_of

from harness.stages import held_out
from harness.stages.base_model import base_model
from harness.stages.lineage import mine_key
from harness.stages.mine import draw, negative_queries
from harness.types import Data, TrainingData
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench

DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(6)},
    queries={"q1": "first", "q2": "second", "q9": "asked in dev"},
    train={"q1": ("d1",), "q2": ("d1", "d2")},
    dev={"q9": {"d3": 1}},
    extra_queries={"d4": ("extra",), "d1": ("another",)},
)


def mined(bench: Workbench, name: str, seed: int = 0) -> TrainingData:
    store = bench.store()
    cell = bench.cell(name, store, seed)
    return bench.mined(cell, store)


@pytest.fixture(scope="module")
def ance(bench: Workbench) -> TrainingData:
    return mined(bench, "infonce-ance")


@pytest.fixture(scope="module")
def drawn(bench: Workbench) -> TrainingData:
    return mined(bench, "infonce-random")


def test_negative_queries_are_training_and_extra_queries_and_never_dev_queries() -> None:
    assert negative_queries(DATA) == {"d1": ("another", "first", "second"), "d2": ("second",), "d4": ("extra",)}


def test_a_random_draw_leaves_out_relevant_passages_and_takes_all_others_if_few() -> None:
    negatives = draw(DATA, ["d1", "d2", "d3", "d4"], depth=10, seed=0)
    assert {query: sorted(docs) for query, docs in negatives.items()} == {"q1": ["d2", "d3", "d4"], "q2": ["d3", "d4"]}


def test_a_random_draw_is_uniform_over_the_irrelevant_passages() -> None:
    counts = dict.fromkeys(["d0", "d2", "d3", "d4", "d5"], 0)
    for seed in range(1000):
        (doc,) = draw(DATA, sorted(DATA.passages), depth=1, seed=seed)["q1"]
        counts[doc] += 1
    assert all(140 < count < 260 for count in counts.values())  # 200 expected, sd 13


def test_a_querys_draw_does_not_depend_on_the_other_queries() -> None:
    alone = replace(DATA, train={"q2": DATA.train["q2"]})
    eligible = sorted(DATA.passages)
    assert draw(alone, eligible, 3, 0)["q2"] == draw(DATA, eligible, 3, 0)["q2"]


def test_ance_negatives_are_the_top_10_of_the_untuned_base_without_relevant_ones(
    bench: Workbench, ance: TrainingData
) -> None:
    model = open_model(base_model(bench.suite, bench.cell("base", bench.store()).place, bench.store()), "cpu")
    answered = sorted(ance.negative_queries)
    passages = model.encode([ance.data.passages[doc] for doc in answered], normalize_embeddings=True).astype(np.float64)
    assert set(ance.negatives) == set(ance.data.train)
    for query, docs in ance.negatives.items():
        vector = model.encode([ance.data.queries[query]], normalize_embeddings=True)[0].astype(np.float64)
        similarity = dict(zip(answered, (passages @ vector).tolist(), strict=True))
        nearest = [
            doc for doc in sorted(answered, key=lambda doc: -similarity[doc]) if doc not in ance.data.train[query]
        ]
        mined_similarities = [similarity[doc] for doc in docs]
        assert len(set(docs)) == 10
        assert not set(docs) & set(ance.data.train[query])
        np.testing.assert_allclose(
            mined_similarities, [similarity[doc] for doc in nearest[:10]], atol=2e-6
        )  # near ties may be swapped


def test_the_control_of_clpl_has_only_negatives_that_answer_a_query(ance: TrainingData) -> None:
    used = {doc for docs in ance.negatives.values() for doc in docs}
    assert used <= set(ance.negative_queries)
    assert 48 < len(ance.negative_queries) < 192  # with 48 training queries some passages have none
    assert ance.pool_size == len(ance.negative_queries)


@pytest.mark.parametrize("name", ["infonce-random", "soft-1", "hard-label", "infonce-ance-iterative"])
def test_entries_that_are_not_the_control_mine_from_every_passage(bench: Workbench, name: str) -> None:
    store = bench.store()
    cell = bench.cell(name, store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"mining_rounds": 1}))
    training = bench.mined(cell, store)
    used = {doc for docs in training.negatives.values() for doc in docs}
    assert training.pool_size == len(training.passages) == 192
    assert training.negative_queries == {}
    assert not used <= set(negative_queries(training.data))
    without = cell.suite.model_copy(update={"negative_queries": None})
    assert mine_key(cell) == mine_key(replace(cell, suite=without))


def test_every_entry_that_reads_negative_queries_and_its_control_mine_from_one_pool(bench: Workbench) -> None:
    store = bench.store()
    names = ("clpl", "clpl-intermediate", "clpl-moe", "infonce-ance", "clpl@published", "infonce-ance@published")
    assert len({mine_key(bench.cell(name, store)) for name in names}) == 1


def test_the_record_has_the_size_of_the_pool(bench: Workbench) -> None:
    store = bench.store()
    cells = [bench.cell(name, store, batch_size=48) for name in ("infonce-ance", "infonce-random")]
    pools = [log_of(bench.train(cell, store))["negatives_mined_from"] for cell in cells]
    answered = len(negative_queries(bench.data(cells[0], store)))
    assert pools == [{"pool": answered, "passages": 192}, {"pool": 192, "passages": 192}]


def test_no_dev_query_is_among_the_negative_queries(ance: TrainingData) -> None:
    dev_queries = {ance.data.queries[query] for query in ance.data.dev}
    negative_texts = {text for texts in ance.negative_queries.values() for text in texts}
    assert len(dev_queries) == 256
    assert not dev_queries & negative_texts
    train_queries = {ance.data.queries[query] for query in ance.data.train}
    assert train_queries <= negative_texts


def test_a_suite_without_negative_queries_mines_from_every_passage(bench: Workbench) -> None:
    without = Workbench(bench.suite.model_copy(update={"negative_queries": None}), bench.store().root)
    training = mined(without, "infonce-random")
    assert training.negative_queries == {}
    used = {doc for docs in training.negatives.values() for doc in docs}
    assert len(used) > 150  # 480 draws over 192 passages


def test_random_negatives_depend_on_the_seed(bench: Workbench, drawn: TrainingData) -> None:
    assert mined(bench, "infonce-random", 0).negatives == drawn.negatives
    assert mined(bench, "infonce-random", 1).negatives != drawn.negatives
    assert all(len(set(docs)) == 10 for docs in drawn.negatives.values())


def test_ance_negatives_do_not_depend_on_the_seed(bench: Workbench, ance: TrainingData) -> None:
    assert mined(bench, "infonce-ance", 1).negatives == ance.negatives
    store = bench.store()
    keys = {mine_key(bench.cell("infonce-ance", store, seed)) for seed in (0, 1, 2)}
    assert len(keys) == 1


def test_clpl_and_its_control_share_negatives_and_rows(bench: Workbench) -> None:
    store = bench.store()
    clpl, control = bench.cell("clpl", store, 3), bench.cell("infonce-ance", store, 3)
    assert mine_key(clpl) == mine_key(control)
    rows = clpl.method.examples(bench.training_data(clpl, store))
    control_rows = control.method.examples(bench.training_data(control, store))
    assert rows.select_columns(control_rows.column_names).to_list() == control_rows.to_list()
    assert len(rows) == 48


def test_clpl_and_its_control_share_the_rows_that_a_held_out_fold_leaves(bench: Workbench) -> None:
    store = bench.store()
    rows = []
    for name in ("clpl", "infonce-ance"):
        cell = bench.cell(name, store)
        cell = replace(cell, entry=cell.entry.model_copy(update={"folds": 4}), fold=1)
        kept, _ = held_out.split(cell, bench.training_data(cell, store))
        rows.append(cell.method.examples(kept))
    assert rows[0].select_columns(rows[1].column_names).to_list() == rows[1].to_list()
    assert 30 < len(rows[1]) <= 36


def test_a_method_without_negatives_gets_none(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    assert bench.mined(cell, store) == TrainingData(data=bench.data(cell, store), seed=0)
