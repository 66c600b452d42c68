"""Negatives mined with the model of the round before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from support.training_probes import Recording, texts_of, weights

from harness.request.cell import Cell
from harness.stages import held_out
from harness.stages.base_vectors import BaseVectors
from harness.stages.lineage import mine_key, miner_key, train_key
from harness.stages.training_rows import miner, trained
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench


def test_the_second_round_mines_with_the_model_of_the_first(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("infonce-ance-iterative", store)
    first = replace(cell, entry=cell.entry.model_copy(update={"mining_rounds": 1}))
    data = bench.data(cell, store)
    assert miner_key(cell) == train_key(first)
    folder = miner(cell, data, store).folder()
    assert isinstance(miner(first, data, store), BaseVectors)
    assert weights(folder) == weights(trained(first, data, store))
    training = bench.training_data(cell, store)
    assert training.negatives != bench.training_data(first, store).negatives
    model = open_model(folder, "cpu")
    pool = sorted(data.passages)
    passages = model.encode([data.passages[doc] for doc in pool], normalize_embeddings=True).astype(np.float64)
    for query, docs in training.negatives.items():
        vector = model.encode([data.queries[query]], normalize_embeddings=True)[0].astype(np.float64)
        similarity = dict(zip(pool, (passages @ vector).tolist(), strict=True))
        order = [doc for doc in sorted(pool, key=lambda doc: -similarity[doc]) if doc not in data.train[query]]
        expected = [similarity[doc] for doc in order[:10]]
        np.testing.assert_allclose([similarity[doc] for doc in docs], expected, atol=2e-6)  # near ties may be swapped


def test_each_round_and_seed_has_its_own_negatives_and_the_first_round_mines_with_the_base(bench: Workbench) -> None:
    store = bench.store()

    def cell(rounds: int, seed: int = 0) -> Cell:
        iterative = bench.cell("infonce-ance-iterative", store, seed)
        return replace(iterative, entry=iterative.entry.model_copy(update={"mining_rounds": rounds}))

    control = bench.cell("infonce-ance", store)  # trains on CLPL's rows, whose negatives are from a smaller pool
    alone = replace(control, entry=control.entry.model_copy(update={"same_rows_as": None}))
    assert mine_key(cell(1)) == mine_key(alone) != mine_key(control)
    assert train_key(cell(1)) == train_key(alone) != train_key(control)
    assert len({mine_key(cell(rounds)) for rounds in (1, 2, 3)}) == 3
    assert mine_key(cell(2)) != mine_key(cell(2, seed=1))


def test_no_round_of_mining_trains_on_the_held_out_fold(bench: Workbench, recording: Recording) -> None:
    store = bench.store()
    cell = bench.cell("infonce-ance-iterative", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"folds": 3}), fold=0)
    data = bench.data(cell, store)
    trained(cell, data, store)
    assert len(recording.datasets) == 2  # both rounds
    for dataset in recording.datasets:
        assert texts_of(dataset).isdisjoint(data.queries[query] for query in held_out.folds(cell, data.train)[0])
