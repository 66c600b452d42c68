"""How many judged pairs a training left out of its batches, as its log has it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from support.training_probes import Killed, kill_at, log_of, weights

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.lineage import train_key
from harness.stages.train import train
from harness.types import TrainingData
from tests.stages.conftest import Workbench


def two_relevant_passages(bench: Workbench, cell: Cell, store: Store) -> TrainingData:
    """Return the cell's training data with each query's passages and those of the next query as relevant."""
    training = bench.training_data(cell, store)
    queries = sorted(training.data.train)
    shared = {
        query: tuple(dict.fromkeys([*training.data.train[query], *training.data.train[following]]))
        for query, following in zip(queries, [*queries[1:], queries[0]], strict=True)
    }
    negatives = {
        query: tuple(doc for doc in docs if doc not in shared[query]) for query, docs in training.negatives.items()
    }
    return replace(training, data=replace(training.data, train=shared), negatives=negatives)


def masked_in_one_batch(training: TrainingData) -> int:
    """Return how many positives of all rows are relevant to each row's query, its own place aside."""
    relevant = {query: {training.passages[doc] for doc in docs} for query, docs in training.data.train.items()}
    texts = Counter(training.passages[doc] for _, doc in training.pairs())
    return sum(sum(texts[text] for text in relevant[query]) - 1 for query, _ in training.pairs())


@pytest.mark.parametrize("name", ["mnrl", "mnrl-matryoshka"])
def test_the_pairs_of_every_epoch_are_counted_once(bench: Workbench, name: str) -> None:
    store = bench.store()
    cell = bench.cell(name, store, batch_size=128, epochs=2)
    training = two_relevant_passages(bench, cell, store)
    rows = len(training.pairs())
    assert rows <= 128  # one batch an epoch
    log = log_of(train(cell, training, store))
    assert log["masked_pairs"] == {"mnrl": 2 * masked_in_one_batch(training)}
    assert log["masked_pairs"]["mnrl"] >= 2 * 2 * rows  # the other passage, in its two rows


def test_judged_pairs_of_hard_negatives_are_counted_too(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("clpl", store, batch_size=128)
    training = two_relevant_passages(bench, cell, store)
    log = log_of(train(cell, training, store))
    assert log["masked_pairs"]["clpl"] > masked_in_one_batch(training)


def test_the_published_recipe_leaves_no_pair_out(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("clpl@published", store, batch_size=128)
    log = log_of(train(cell, two_relevant_passages(bench, cell, store), store))
    assert log["masked_pairs"] == {"clpl": 0}
    assert "label" not in log["columns"]


def test_a_loss_of_the_library_counts_none(bench: Workbench) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell("soft-1", store, batch_size=192), store))
    assert "masked_pairs" not in log


def test_each_of_two_objectives_has_its_count(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-nli", store, batch_size=128)
    log = log_of(train(cell, two_relevant_passages(bench, cell, store), store))
    assert list(log["masked_pairs"]) == ["mnrl", "nli_simcse"]
    assert log["masked_pairs"]["mnrl"] > 0


def test_masking_changes_the_weights_only_where_a_pair_is_masked(bench: Workbench) -> None:
    results = []
    for shared in (True, False):
        for switch in (True, False):
            store = bench.store()
            cell = bench.cell("mnrl", store, batch_size=24)
            settings = {"mnrl": {"mask_relevant": switch}}
            cell = replace(cell, entry=cell.entry.model_copy(update={"settings": settings}))
            training = bench.training_data(cell, store)
            if shared:
                training = two_relevant_passages(bench, cell, store)
            else:  # one row per passage: no two rows share a text
                rows = {docs[0]: query for query, docs in sorted(training.data.train.items())}
                train_rows = {query: (doc,) for doc, query in sorted(rows.items())}
                training = replace(training, data=replace(training.data, train=train_rows))
            folder = train(cell, training, store)
            results.append((weights(folder), log_of(folder)["masked_pairs"]["mnrl"]))
    masked, unmasked, plain, plain_unmasked = results
    assert masked[0] != unmasked[0]
    assert masked[1] > unmasked[1] == 0
    assert plain == plain_unmasked
    assert plain[1] == 0


def test_a_resumed_training_counts_the_pairs_before_its_checkpoint(bench: Workbench) -> None:
    whole = bench.store()
    cell = bench.cell("mnrl", whole, epochs=2, batch_size=24)
    expected = train(cell, two_relevant_passages(bench, cell, whole), whole)
    last = log_of(expected)["steps"]
    killed = bench.store(progress=kill_at(last - 1))
    cell = bench.cell("mnrl", killed, epochs=2, batch_size=24, checkpoint_steps=last - 2)
    training = two_relevant_passages(bench, cell, killed)
    with pytest.raises(Killed):
        train(cell, training, killed)
    assert not killed.has("train", train_key(cell))
    folder = train(cell, training, Store(killed.root))
    assert weights(folder) == weights(expected)
    assert log_of(folder) == log_of(expected)
    assert log_of(folder)["masked_pairs"]["mnrl"] > 0


def test_gradient_checkpointing_changes_neither_weights_nor_count(bench: Workbench) -> None:
    results = []
    for switch in (False, True):
        store = bench.store()
        cell = bench.cell("mnrl", store, batch_size=48, gradient_checkpointing=switch)
        folder = train(cell, two_relevant_passages(bench, cell, store), store)
        results.append((weights(folder), log_of(folder)["masked_pairs"]))
    assert results[0] == results[1]
