"""Experts' scores and the rule that scales them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from harness.request.manifest import Expert, PinnedBase
from harness.stages.consult import consult, on_expert, scaled, stored_agreement
from harness.stages.lineage import consult_key
from harness.types import TrainingData
from tests.stages.conftest import Workbench


@pytest.fixture(scope="module")
def consulted(bench: Workbench) -> TrainingData:
    store = bench.store()
    return bench.training_data(bench.cell("soft-1", store), store)


def test_scaling_maps_the_1st_and_99th_percentile_to_0_and_1() -> None:
    raw = np.arange(101, dtype=np.float64)  # percentile k is k
    scores = scaled(raw)
    assert scores[[0, 1, 50, 99, 100]].tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert scores[25] == pytest.approx(24 / 98)


def test_scaling_does_not_depend_on_the_scale_of_the_raw_scores() -> None:
    raw = np.array([-3.0, 0.5, 0.7, 2.0, 9.0])
    np.testing.assert_allclose(scaled(raw * 250 - 40), scaled(raw), atol=1e-12)


def test_an_expert_with_equal_scores_for_all_pairs_scores_0() -> None:
    assert scaled(np.full(7, 3.5)).tolist() == [0.0] * 7


def test_every_pair_has_a_score_from_every_expert_between_0_and_1(consulted: TrainingData) -> None:
    data, mined = consulted.data, consulted.negatives
    pairs = {(query, doc) for query in data.train for doc in (*data.train[query], *mined[query])}
    assert set(consulted.expert_scores) == pairs
    assert len(pairs) == 48 * 11  # one relevant and ten mined passages per query
    scores = np.array(list(consulted.expert_scores.values()))
    assert scores.shape == (48 * 11, 4)
    assert scores.min(axis=0).tolist() == [0.0] * 4
    assert scores.max(axis=0).tolist() == [1.0] * 4


def test_every_lexical_expert_scores_relevant_pairs_above_mined_ones_on_average(consulted: TrainingData) -> None:
    """The base does not: the mined passages are the ones it ranks highest."""
    relevant: list[tuple[float, ...]] = []
    others: list[tuple[float, ...]] = []
    for (query, doc), scores in consulted.expert_scores.items():
        (relevant if doc in consulted.data.train[query] else others).append(scores[:3])
    assert (np.mean(relevant, axis=0) > np.mean(others, axis=0)).all()


def test_scores_are_equal_in_a_fresh_store(bench: Workbench, consulted: TrainingData) -> None:
    store = bench.store()
    again = bench.training_data(bench.cell("soft-1", store), store)
    assert again.expert_scores == consulted.expert_scores


def test_entries_that_differ_only_in_the_target_share_their_scores(bench: Workbench) -> None:
    store = bench.store()
    keys = {consult_key(bench.cell(name, store)) for name in ("soft-1", "soft-2", "soft-3", "hard-label")}
    assert len(keys) == 1


def test_a_method_that_needs_no_scores_gets_none(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    training = bench.mined(cell, store)
    assert consult(cell, training, store) is training
    assert "consult" not in [run.stage for run in store.runs]


@pytest.mark.parametrize("index", [0, 3], ids=["bm25", "base"])
def test_the_experts_are_in_the_suites_order(bench: Workbench, consulted: TrainingData, index: int) -> None:
    alone = bench.suite.model_copy(update={"experts": (bench.suite.experts[index],)})
    store = bench.store()
    cell = Workbench(alone, store.root).cell("soft-1", store)
    scores = bench.training_data(cell, store).expert_scores
    assert {pair: row[0] for pair, row in scores.items()} == {
        pair: row[index] for pair, row in consulted.expert_scores.items()
    }


def test_the_agreement_of_the_experts_is_stored_with_their_scores(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("soft-1", store)
    assert stored_agreement(cell, store) == {}  # not consulted yet
    training = bench.training_data(cell, store)
    agreement = stored_agreement(cell, store)
    assert agreement["experts"] == ["bm25", "char-tfidf", "word-lsa", "base"]
    assert agreement["pairs"] == len(training.expert_scores)
    scores = np.array(list(training.expert_scores.values()))
    assert agreement["tau"]["bm25"]["char-tfidf"] == pytest.approx(
        kendalltau(scores[:, 0], scores[:, 1]).statistic, abs=0.02
    )
    assert 0 < agreement["W"] < 1
    assert stored_agreement(bench.cell("mnrl", store), store) == {}


PUBLISHED = PinnedBase(id="someone/encoder", revision="0" * 40)


def test_an_expert_reads_at_its_own_length_and_precision_where_it_has_them(bench: Workbench) -> None:
    cell = bench.cell("soft-1", bench.store())
    plain = on_expert(cell, Expert(name="plain", encoder=PUBLISHED, query_prompt="", passage_prompt="")).suite
    assert (plain.text.query_max_length, plain.text.passage_max_length) == (32, 128)
    assert plain.evaluation == cell.suite.evaluation
    own = on_expert(
        cell,
        Expert(name="own", encoder=PUBLISHED, query_prompt="", passage_prompt="", max_length=64, precision="bfloat16"),
    ).suite
    assert (own.text.query_max_length, own.text.passage_max_length) == (32, 64)
    assert (own.evaluation.precision, own.evaluation.query_precision) == ("bfloat16", None)
    short = on_expert(
        cell, Expert(name="short", encoder=PUBLISHED, query_prompt="", passage_prompt="", max_length=16)
    ).suite
    assert (short.text.query_max_length, short.text.passage_max_length) == (16, 16)


def test_length_and_precision_of_an_expert_are_in_its_dump_only_where_they_are_given() -> None:
    assert {"max_length", "precision"}.isdisjoint(
        Expert(name="plain", encoder=PUBLISHED, query_prompt="", passage_prompt="").model_dump()
    )
    assert (
        Expert(name="own", encoder=PUBLISHED, query_prompt="", passage_prompt="", max_length=64).model_dump()[
            "max_length"
        ]
        == 64
    )
    with pytest.raises(ValueError, match="max_length and precision are those of a published encoder"):
        Expert(name="bm25", ranker="bm25", max_length=64)
