"""Habits of practitioners: best checkpoint, folds, rounds of mining, shorter vectors, objectives together."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.exact_search import search

from harness import pipeline
from harness.errors import CellError
from harness.stages import best_checkpoint, held_out
from harness.stages.folds import cross_validate
from harness.stages.lineage import mine_key, miner_key, record_key, train_key
from harness.stages.score import score
from harness.stages.train import train
from harness.stages.training_rows import miner, trained
from harness.types import Data, TrainingData
from harness.vectors.embedding import embed, open_model
from harness.vectors.search import cut

EXAMPLES = ("mnrl-best", "mnrl-cv", "infonce-ance-iterative", "mnrl-matryoshka", "mnrl-nli")


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def log_of(folder: Path) -> Any:
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def texts_of(dataset: Any) -> set[str]:
    return {text for name in dataset.column_names if name != "label" for text in dataset[name]}


@dataclass
class Seen:
    """What trainers were given, in which order they read it, and the checkpoints they left."""

    datasets: list[Any] = field(default_factory=list)
    batches: list[tuple[str, list[str]]] = field(default_factory=list)  # objective, first tokens of each row
    checkpoints: dict[int, bytes] = field(default_factory=dict)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    from sentence_transformers import SentenceTransformerTrainer as Trainer

    noted = Seen()
    begin, compute, save = Trainer.__init__, Trainer.compute_loss, Trainer._save_checkpoint

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - stands for the trainer's own
        noted.datasets.append(options["train_dataset"])
        begin(self, **options)

    def compute_loss(self: Any, model: Any, inputs: dict[str, Any], **options: Any) -> Any:
        first = next(value for name, value in inputs.items() if name.endswith("input_ids"))
        noted.batches.append(
            (inputs.get("dataset_name", ""), [str([t for t in row if t != 1]) for row in first.tolist()])
        )
        return compute(self, model, inputs, **options)

    def _save_checkpoint(self: Any, *arguments: Any, **options: Any) -> None:
        save(self, *arguments, **options)
        step = self.state.global_step
        noted.checkpoints[step] = weights(Path(self.args.output_dir) / f"checkpoint-{step}")

    monkeypatch.setattr(Trainer, "__init__", __init__)
    monkeypatch.setattr(Trainer, "compute_loss", compute_loss)
    monkeypatch.setattr(Trainer, "_save_checkpoint", _save_checkpoint)
    return noted


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_in_two_empty_stores_has_the_same_weights_runs_and_measures(
    bench: Any, tmp_path: Path, name: str
) -> None:
    import torch

    found = []
    for number in (1, 2):
        torch.manual_seed(number)  # whatever was drawn before
        store = bench.store()
        cell = bench.cell(name, store)
        record = pipeline.run(cell, store, tmp_path / str(number))
        assert record.provenance["model"] is not None
        measured = (record.measures, record.by_dimension, record.cross_validation, record.provenance["training"])
        found.append((record.provenance["model"], record.files, measured))
    assert found[0] == found[1]


# Best checkpoint


def test_evaluations_are_spread_evenly_and_the_last_is_at_the_end() -> None:
    assert best_checkpoint.spread(12, 4) == [3, 6, 9, 12]
    assert best_checkpoint.spread(10, 4) == [3, 5, 8, 10]
    assert best_checkpoint.spread(2, 4) == [1, 2]


@pytest.mark.parametrize(
    ("primary", "evaluators"),
    [
        ("nDCG@10", ("ndcg", 10)),
        ("nDCG@5", ("ndcg", 5)),
        ("R@100", ("recall", 100)),
        ("RR@10", ("mrr", 10)),
        ("AP", ("ndcg", 10)),
        ("P(rel=2)@5", ("ndcg", 10)),
    ],
)
def test_the_primary_measure_chooses_where_the_evaluator_has_it(primary: str, evaluators: tuple[str, int]) -> None:
    assert best_checkpoint.measure_of(primary) == evaluators


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_the_best_weights_are_those_of_the_checkpoint_bit_for_bit(bench: Any, seen: Seen, name: str) -> None:
    store = bench.store()
    folder = bench.train(bench.cell(name, store, epochs=3, best_of=5, best_holdout=0.25), store)
    chosen = log_of(folder)["best"]
    steps, scores = zip(*chosen["curve"], strict=True)
    assert steps == tuple(best_checkpoint.spread(log_of(folder)["steps"], 5))
    assert chosen["score"] == max(scores)
    assert chosen["step"] == steps[scores.index(max(scores))]  # of equal ones the first
    assert weights(folder) == seen.checkpoints[chosen["step"]]
    assert (chosen["measure"], chosen["queries"], chosen["passages"]) == ("ndcg@10", 12, 192)


def test_the_best_weights_may_be_those_of_an_earlier_step(bench: Any, seen: Seen) -> None:
    """At so large a learning rate the last step is not the best."""
    store = bench.store()
    cell = bench.cell("mnrl", store, epochs=4, learning_rate=0.3, best_of=8, best_holdout=0.25)
    chosen = log_of(bench.train(cell, store))["best"]
    assert chosen["step"] < chosen["curve"][-1][0]
    assert chosen["curve"][-1][1] < chosen["score"]


def test_the_score_of_the_chosen_step_is_the_harness_own_score_of_the_held_out_queries(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store, best_of=2, best_holdout=0.25)
    training = bench.training_data(cell, store)
    _, held = held_out.split(cell, training)
    model = open_model(train(cell, training, store), "cpu")
    asked = {query: training.queries[query] for query in held}
    queries = embed(model, asked, "query", cell, store)
    ranking, _ = search(queries, embed(model, training.passages, "passage", cell, store), 10)
    judged = {query: dict.fromkeys(docs, 1) for query, docs in held.items()}
    values = score(ranking, judged, ["nDCG@10"])["nDCG@10"].values()
    assert log_of(train(cell, training, store))["best"]["score"] == pytest.approx(sum(values) / 12, abs=1e-9)


@pytest.mark.parametrize("name", ["mnrl", "clpl"])
def test_a_held_out_query_is_trained_on_in_no_column(bench: Any, seen: Seen, name: str) -> None:
    store = bench.store()
    cell = bench.cell(name, store, best_of=2, best_holdout=0.25)
    training = bench.training_data(cell, store)
    kept, held = held_out.split(cell, training)
    assert len(held) == 12
    assert set(kept.data.train) | set(held) == set(training.data.train)
    bench.train(cell, store)
    texts = texts_of(seen.datasets[0])
    assert texts.isdisjoint(training.queries[query] for query in held)
    assert {training.queries[query] for query in kept.data.train} <= texts
    assert texts.isdisjoint(training.queries[query] for query in training.data.dev)


def test_each_seed_holds_other_queries_out(bench: Any) -> None:
    store = bench.store()
    held = []
    for seed in (0, 1):
        cell = bench.cell("mnrl", store, seed, best_of=2)
        held.append(set(held_out.split(cell, bench.training_data(cell, store))[1]))
    assert held[0] != held[1]
    assert [len(one) for one in held] == [5, 5]  # a tenth of 48


def test_a_large_pool_is_drawn_from_and_every_relevant_passage_is_in_it(
    bench: Any, monkeypatch: pytest.MonkeyPatch
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


def test_weights_that_were_not_loaded_fail_the_cell(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library only logs that it could not load the best checkpoint."""
    from sentence_transformers import SentenceTransformerTrainer

    monkeypatch.setattr(SentenceTransformerTrainer, "_load_best_model", lambda self: None)
    store = bench.store()
    cell = bench.cell("mnrl", store, epochs=4, learning_rate=0.3, best_of=8, best_holdout=0.25)
    with pytest.raises(CellError, match=r"the weights of the best step \d+ were not to be read back"):
        bench.train(cell, store)


class Killed(BaseException):
    """Stands for the end of a process."""


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
def test_a_killed_training_goes_on_to_the_same_bits(bench: Any, name: str, options: dict[str, Any]) -> None:
    uninterrupted = bench.store()
    wanted = bench.train(bench.cell(name, uninterrupted, epochs=2, **options), uninterrupted)

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "train" and done == 9:
            raise Killed

    heard: list[int] = []
    killed = bench.store(progress=kill)
    cell = bench.cell(name, killed, epochs=2, **options)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    again = type(killed)(killed.root, lambda stage, done, total: heard.append(done) if stage == "train" else None)
    folder = bench.train(cell, again)
    assert heard[0] > 1  # from a checkpoint, not from the start
    assert weights(folder) == weights(wanted)
    assert log_of(folder) == log_of(wanted)
    assert not killed.partial(train_key(cell)).exists()


# Held out

DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(5)},
    queries={
        "q1": "one text",
        "q2": "second",
        "q3": "one  text ",
        "q4": "fourth",
        "written-1": "written",
        "q9": "asked in dev",
    },
    train={"q1": ("d1",), "q2": ("d2",), "q3": ("d3",), "q4": ("d4",), "written-1": ("d1",)},
    dev={"q9": {"d0": 1}},
    extra_queries={"d0": ("extra",), "d2": (" one text", "another")},
)
TRAINING = TrainingData(
    data=DATA,
    seed=0,
    negatives={"q1": ("d2",), "q2": ("d1", "d3", "d4"), "q3": (), "q4": ("d2", "d0")},
    negative_queries={
        "d0": ("extra",),
        "d1": ("one text", "written"),
        "d2": (" one text", "another", "second"),
        "d3": ("one  text ",),
        "d4": ("fourth",),
    },
)


def test_without_a_query_its_text_is_nowhere_and_a_negative_without_a_query_is_none() -> None:
    rest = held_out.without(TRAINING, ["q1"])
    assert set(rest.data.train) == {"q2", "q4", "written-1"}  # q3 has the same text
    assert rest.data.extra_queries == {"d0": ("extra",), "d2": ("another",)}
    assert rest.negative_queries == {
        "d0": ("extra",),
        "d1": ("written",),
        "d2": ("another", "second"),
        "d4": ("fourth",),
    }
    assert rest.negatives == {"q2": ("d1", "d4"), "q4": ("d2", "d0")}


def test_where_no_loss_reads_negative_queries_no_negative_is_lost() -> None:
    rest = held_out.without(replace(TRAINING, negative_queries={}), ["q1"])
    assert rest.negatives == {"q2": ("d1", "d3", "d4"), "q4": ("d2", "d0")}


def test_folds_part_the_suites_own_training_queries(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-cv", store)
    parts = held_out.folds(cell, DATA.train)
    assert sorted(query for part in parts for query in part) == ["q1", "q2", "q3", "q4"]
    parts = held_out.folds(cell, [f"q{i}" for i in range(48)])
    assert sorted(len(part) for part in parts) == [9, 9, 10, 10, 10]
    other = held_out.folds(bench.cell("mnrl-cv", store, seed=1), [f"q{i}" for i in range(48)])
    assert parts != other


# Folds


@pytest.fixture(scope="module")
def validated(bench: Any) -> tuple[Any, Any, Data, dict[str, Any]]:
    """A cell of three folds, its store, its data, and its cross-validation."""
    store = bench.store()
    cell = bench.cell("mnrl-cv", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"folds": 3}))
    data = bench.data(cell, store)
    return cell, store, data, cross_validate(cell, data, store)


def test_a_fold_is_scored_by_a_model_that_was_trained_without_it(
    bench: Any, validated: tuple[Any, Any, Data, dict[str, Any]]
) -> None:
    cell, store, data, found = validated
    parts = held_out.folds(cell, data.train)
    for number in (0, 2):
        other = bench.store()
        own = replace(cell, place=replace(cell.place, cache=other.root))
        rest = {query: docs for query, docs in data.train.items() if query not in parts[number]}
        training = TrainingData(data=replace(data, train=rest), seed=0)
        folder = train(own, training, other)
        model = trained(replace(cell, fold=number), data, store)
        assert weights(folder) == weights(model)
        judged = {query: dict.fromkeys(data.train[query], 1) for query in parts[number]}
        encoder = open_model(folder, "cpu")
        queries = embed(encoder, {query: data.queries[query] for query in parts[number]}, "query", own, other)
        ranking, _ = search(queries, embed(encoder, data.passages, "passage", own, other), 100)
        values = score(ranking, judged, ["nDCG@10"])["nDCG@10"]
        assert found["measures"]["nDCG@10"]["per_fold"][number] == sum(values.values()) / 16


def test_a_cross_validation_has_every_measure_and_its_mean(validated: tuple[Any, Any, Data, dict[str, Any]]) -> None:
    cell, _, _, found = validated
    assert (found["folds"], found["queries"]) == (3, [16, 16, 16])
    assert list(found["measures"]) == list(cell.suite.evaluation.measures)
    for values in found["measures"].values():
        assert values["mean"] == sum(values["per_fold"]) / 3
        assert len(set(values["per_fold"])) == 3


def test_the_models_of_folds_are_found_again(validated: tuple[Any, Any, Data, dict[str, Any]]) -> None:
    cell, store, data, found = validated
    again = type(store)(store.root)
    assert cross_validate(cell, data, again) == found
    assert {run.stage for run in again.runs if not run.cached} == set()
    assert sum(run.stage == "train" for run in again.runs) == 3


def test_folds_leave_the_entrys_own_model_as_it_is(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-cv", store)
    assert train_key(cell) == train_key(bench.cell("mnrl", store))
    keys = {train_key(replace(cell, fold=number)) for number in (None, 0, 1, 2)}
    assert len(keys) == 4
    assert record_key(cell) != record_key(replace(cell, entry=cell.entry.model_copy(update={"folds": 2})))


def test_an_entry_without_folds_has_no_cross_validation(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    assert cross_validate(cell, bench.data(cell, store), store) == {}
    assert store.runs[-1].stage == "prepare"


# Rounds of mining


def test_the_second_round_mines_with_the_model_of_the_first(bench: Any) -> None:
    store = bench.store()
    cell, first = bench.cell("infonce-ance-iterative", store), bench.cell("infonce-ance", store)
    data = bench.data(cell, store)
    assert miner_key(cell) == train_key(first)
    folder = miner(cell, data, store)
    assert weights(folder) == weights(trained(first, data, store))
    training = bench.training_data(cell, store)
    assert training.negatives != bench.training_data(first, store).negatives
    model = open_model(folder, "cpu")
    answered = sorted(training.negative_queries)
    passages = model.encode([data.passages[doc] for doc in answered], normalize_embeddings=True).astype(np.float64)
    for query, docs in training.negatives.items():
        vector = model.encode([data.queries[query]], normalize_embeddings=True)[0].astype(np.float64)
        similarity = dict(zip(answered, (passages @ vector).tolist(), strict=True))
        order = [doc for doc in sorted(answered, key=lambda doc: -similarity[doc]) if doc not in data.train[query]]
        wanted = [similarity[doc] for doc in order[:10]]
        np.testing.assert_allclose([similarity[doc] for doc in docs], wanted, atol=2e-6)  # but for near ties


def test_every_round_and_every_seed_has_its_own_negatives_and_the_first_has_the_bases(bench: Any) -> None:
    store = bench.store()

    def cell(count: int, seed: int = 0) -> Any:
        one = bench.cell("infonce-ance-iterative", store, seed)
        return replace(one, entry=one.entry.model_copy(update={"mining_rounds": count}))

    assert mine_key(cell(1)) == mine_key(bench.cell("infonce-ance", store))
    assert train_key(cell(1)) == train_key(bench.cell("infonce-ance", store))
    assert len({mine_key(cell(count)) for count in (1, 2, 3)}) == 3
    assert mine_key(cell(2)) != mine_key(cell(2, seed=1))


def test_a_fold_of_several_rounds_never_sees_the_fold_in_any_of_them(bench: Any, seen: Seen) -> None:
    store = bench.store()
    cell = bench.cell("infonce-ance-iterative", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"folds": 3}), fold=0)
    data = bench.data(cell, store)
    trained(cell, data, store)
    assert len(seen.datasets) == 2  # both rounds
    for dataset in seen.datasets:
        assert texts_of(dataset).isdisjoint(data.queries[query] for query in held_out.folds(cell, data.train)[0])


# Shorter vectors


def test_scores_at_a_dimension_are_those_of_cut_vectors(bench: Any, tmp_path: Path) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-matryoshka", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"dimensions": (16, 5)}))
    record = pipeline.run(cell, store, tmp_path)
    data = bench.data(cell, store)
    model = open_model(bench.train(cell, store), "cpu")
    queries = embed(model, {query: data.queries[query] for query in data.dev}, "query", cell, store)
    passages = embed(model, data.passages, "passage", cell, store)
    assert list(record.by_dimension) == ["16", "5"]
    for dimension in (16, 5):
        short = [replace(side, matrix=cut(side.matrix, dimension)) for side in (queries, passages)]
        np.testing.assert_allclose(np.linalg.norm(short[0].matrix, axis=1), 1, atol=1e-6)
        ranking, _ = search(short[0], short[1], 100)
        values = score(ranking, data.dev, ["nDCG@10"])["nDCG@10"].values()
        assert record.by_dimension[str(dimension)]["nDCG@10"] == sum(values) / 256
    assert record.by_dimension["5"]["nDCG@10"] < record.measures["nDCG@10"]


def test_a_suites_dimensions_are_scored_for_every_entry_and_train_none(bench: Any, tmp_path: Path) -> None:
    evaluation = bench.suite.evaluation.model_copy(update={"dimensions": (8,)})
    store = bench.store()
    plain = bench.cell("mnrl", store)
    cell = replace(plain, suite=bench.suite.model_copy(update={"evaluation": evaluation}))
    assert train_key(cell) == train_key(plain)
    assert list(pipeline.run(cell, store, tmp_path).by_dimension) == ["8"]
    ranker = replace(bench.cell("bm25", store), suite=cell.suite)
    assert pipeline.run(ranker, store, tmp_path).by_dimension == {}


def test_the_loss_is_the_sum_over_the_dimensions_and_the_whole(bench: Any) -> None:
    """The first step's loss, before any weight has moved."""
    store = bench.store()
    plain = bench.cell("mnrl", store, batch_size=48, dropout=0.0)
    cell = bench.cell("mnrl-matryoshka", store, batch_size=48, dropout=0.0)
    cell = replace(cell, entry=cell.entry.model_copy(update={"dimensions": (16, 4)}))
    model = open_model(bench.train(bench.cell("base", store), store), "cpu")
    rows = plain.method.examples(bench.training_data(plain, store))
    anchors, positives = (model.encode(rows[name]).astype(np.float64) for name in ("anchor", "positive"))
    wanted = 0.0
    for dimension in (32, 16, 4):
        left, right = (side[:, :dimension] for side in (anchors, positives))
        left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
        similarities = left @ right.T / plain.method.temperature
        wanted += float(np.mean(np.log(np.exp(similarities).sum(axis=1)) - np.diag(similarities)))
    assert log_of(bench.train(cell, store))["losses"][0] == pytest.approx(wanted, rel=1e-4)


# Two objectives


def test_every_row_of_both_objectives_is_seen_once_an_epoch_in_batches_of_its_own(bench: Any, seen: Seen) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell("mnrl-nli", store, epochs=2, batch_size=10), store))
    (dataset,) = seen.datasets
    assert {name: len(rows) for name, rows in dataset.items()} == {"mnrl": 48, "nli_simcse": 88}
    assert log["rows_of"] == {"mnrl": 48, "nli_simcse": 88}
    assert log["rows_seen"] == {"mnrl": 96, "nli_simcse": 176}
    assert log["rows"] == 136
    assert log["steps"] == len(seen.batches) == 2 * (5 + 9)
    for name, count in (("mnrl", 48), ("nli_simcse", 88)):
        rows = [row for objective, batch in seen.batches if objective == name for row in batch]
        assert sorted(rows[:count]) == sorted(rows[count:])
        assert len(set(rows[:count])) == len(set(dataset[name]["anchor"]))


def test_the_order_of_objectives_and_rows_is_the_seeds(bench: Any, seen: Seen) -> None:
    orders = []
    for seed in (0, 1):
        store, seen.batches = bench.store(), []
        bench.train(bench.cell("mnrl-nli", store, seed), store)
        orders.append(list(seen.batches))
    assert [name for name, _ in orders[0]] != [name for name, _ in orders[1]]
    assert sorted(row for _, batch in orders[0] for row in batch) == sorted(r for _, batch in orders[1] for r in batch)


def test_rows_of_one_objective_in_place_of_the_others_fail_the_cell(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many steps as were to be, but not of the rows that were to be."""
    from sentence_transformers import SentenceTransformerTrainer

    begin = SentenceTransformerTrainer.__init__

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - stands for the trainer's own
        rows = options["train_dataset"]
        rows["mnrl"], rows["nli_simcse"] = (
            rows["mnrl"].select(range(40)),
            rows["nli_simcse"].select([*range(88), *range(8)]),
        )
        begin(self, **options)

    monkeypatch.setattr(SentenceTransformerTrainer, "__init__", __init__)
    store = bench.store()
    with pytest.raises(CellError, match="mnrl saw 40 rows of 48: rows were dropped"):
        bench.train(bench.cell("mnrl-nli", store), store)


def test_the_needs_of_both_objectives_count(bench: Any) -> None:
    cell = bench.cell("mnrl-nli", bench.store())
    assert sorted(need.value for need in cell.needs) == ["nli"]
    assert cell.method.family == "ranking"


def test_an_objective_without_rows_fails_the_cell(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-nli", store)
    training = bench.training_data(cell, store)
    with pytest.raises(CellError, match="nli_simcse made no training row"):
        train(cell, replace(training, data=replace(training.data, nli=())), store)
