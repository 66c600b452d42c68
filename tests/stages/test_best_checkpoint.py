"""Evaluations in training, and the weights of the best one."""

from __future__ import annotations

from typing import Any

import pytest
from support.exact_search import search
from support.training_probes import Killed, Recording, kill_at, log_of, note_steps, texts_of, weights

from harness.errors import CellError
from harness.machine.store import Store
from harness.stages import best_checkpoint, held_out
from harness.stages.held_out_evaluator import measure_of
from harness.stages.lineage import train_key
from harness.stages.score import score
from harness.stages.train import train
from harness.vectors.embedding import embed
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench


def test_evaluations_are_spread_evenly_and_the_last_is_at_the_last_step() -> None:
    assert best_checkpoint.spread(12, 4) == [3, 6, 9, 12]
    assert best_checkpoint.spread(10, 4) == [3, 5, 8, 10]
    assert best_checkpoint.spread(2, 4) == [1, 2]


@pytest.mark.parametrize(
    ("primary", "metric"),
    [
        ("nDCG@10", ("ndcg", 10)),
        ("nDCG@5", ("ndcg", 5)),
        ("R@100", ("recall", 100)),
        ("RR@10", ("mrr", 10)),
        ("AP", ("ndcg", 10)),
        ("P(rel=2)@5", ("ndcg", 10)),
    ],
)
def test_the_best_step_is_chosen_by_the_primary_measure_or_ndcg_where_the_evaluator_lacks_it(
    primary: str, metric: tuple[str, int]
) -> None:
    assert measure_of(primary) == metric


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_the_best_weights_are_those_of_the_checkpoint_bit_for_bit(
    bench: Workbench, recording: Recording, name: str
) -> None:
    store = bench.store()
    folder = bench.train(bench.cell(name, store, epochs=3, best_of=5, best_holdout=0.25), store)
    best = log_of(folder)["best"]
    steps, scores = zip(*best["curve"], strict=True)
    assert steps == tuple(best_checkpoint.spread(log_of(folder)["steps"], 5))
    assert best["score"] == max(scores)
    assert best["step"] == steps[scores.index(max(scores))]  # the first of equal scores
    assert weights(folder) == recording.checkpoints[best["step"]]
    assert (best["measure"], best["queries"], best["passages"]) == ("ndcg@10", 12, 192)


def test_the_best_step_can_be_earlier_than_the_last(bench: Workbench) -> None:
    """At such a large learning rate the last step is not the best."""
    store = bench.store()
    cell = bench.cell("mnrl", store, epochs=4, learning_rate=0.3, best_of=8, best_holdout=0.25)
    best = log_of(bench.train(cell, store))["best"]
    last_step, last_score = best["curve"][-1]
    assert best["step"] < last_step
    assert best["score"] > last_score


def test_the_best_score_is_the_one_that_the_score_stage_gives_the_held_out_queries(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store, best_of=2, best_holdout=0.25)
    training = bench.training_data(cell, store)
    _, held = held_out.split(cell, training)
    model = open_model(train(cell, training, store), "cpu")
    texts = {query: training.queries[query] for query in held}
    queries = embed(model, texts, "query", cell, store)
    ranking, _ = search(queries, embed(model, training.passages, "passage", cell, store), 10)
    judged = {query: dict.fromkeys(docs, 1) for query, docs in held.items()}
    values = score(ranking, judged, ["nDCG@10"])["nDCG@10"].values()
    assert log_of(train(cell, training, store))["best"]["score"] == pytest.approx(sum(values) / 12, abs=1e-9)


@pytest.mark.parametrize("name", ["mnrl", "clpl"])
def test_a_held_out_query_is_in_no_training_column(bench: Workbench, recording: Recording, name: str) -> None:
    store = bench.store()
    cell = bench.cell(name, store, best_of=2, best_holdout=0.25)
    training = bench.training_data(cell, store)
    kept, held = held_out.split(cell, training)
    assert len(held) == 12
    assert set(kept.data.train) | set(held) == set(training.data.train)
    bench.train(cell, store)
    texts = texts_of(recording.datasets[0])
    assert texts.isdisjoint(training.queries[query] for query in held)
    assert {training.queries[query] for query in kept.data.train} <= texts
    assert texts.isdisjoint(training.queries[query] for query in training.data.dev)


def test_each_seed_holds_out_different_queries(bench: Workbench) -> None:
    store = bench.store()
    held = []
    for seed in (0, 1):
        cell = bench.cell("mnrl", store, seed, best_of=2)
        held.append(set(held_out.split(cell, bench.training_data(cell, store))[1]))
    assert held[0] != held[1]
    assert [len(queries) for queries in held] == [5, 5]  # a tenth of 48


def test_a_large_pool_is_sampled_and_keeps_every_relevant_passage(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_checkpoint, "POOL", 20)
    store = bench.store()
    drawn = []
    for seed in (0, 1):
        cell = bench.cell("mnrl", store, seed)
        training = bench.training_data(cell, store)
        held = {query: training.data.train[query] for query in sorted(training.data.train)[:6]}
        passages = best_checkpoint.evaluations(cell, training, held).passages
        assert len(passages) == 20
        assert {doc for docs in held.values() for doc in docs} <= set(passages)
        drawn.append(set(passages))
    assert drawn[0] != drawn[1]


def test_weights_that_could_not_be_loaded_fail_the_cell(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library only logs that it could not load the best checkpoint."""
    from sentence_transformers import SentenceTransformerTrainer

    monkeypatch.setattr(SentenceTransformerTrainer, "_load_best_model", lambda self: None)
    store = bench.store()
    cell = bench.cell("mnrl", store, epochs=4, learning_rate=0.3, best_of=8, best_holdout=0.25)
    with pytest.raises(CellError, match=r"the weights of the best step \d+ could not be read back"):
        bench.train(cell, store)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mnrl", {"best_of": 6}),
        ("mnrl", {"best_of": 3, "checkpoint_steps": 5}),
        ("clpl-moe", {"best_of": 3, "checkpoint_steps": 5}),
        ("mnrl-nli", {"checkpoint_steps": 5}),
        ("mnrl-matryoshka", {"checkpoint_steps": 5}),
    ],
)
def test_a_killed_training_resumes_to_the_same_bits(bench: Workbench, name: str, options: dict[str, Any]) -> None:
    uninterrupted = bench.store()
    expected = bench.train(bench.cell(name, uninterrupted, epochs=2, **options), uninterrupted)

    killed = bench.store(progress=kill_at(9))
    cell = bench.cell(name, killed, epochs=2, **options)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    steps: list[int] = []
    again = Store(killed.root, note_steps(steps))
    folder = bench.train(cell, again)
    assert steps[0] > 1  # from a checkpoint, not from the start
    assert weights(folder) == weights(expected)
    assert log_of(folder) == log_of(expected)
    assert not killed.partial(train_key(cell)).exists()
