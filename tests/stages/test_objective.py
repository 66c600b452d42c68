"""Two objectives trained together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.training_probes import Recording, log_of

from harness.errors import CellError
from harness.stages.train import train
from tests.stages.conftest import Workbench


def test_every_row_of_both_objectives_is_seen_once_per_epoch_in_batches_of_one_objective(
    bench: Workbench, recording: Recording
) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell("mnrl-nli", store, epochs=2, batch_size=10), store))
    (dataset,) = recording.datasets
    assert {name: len(rows) for name, rows in dataset.items()} == {"mnrl": 48, "nli_simcse": 88}
    assert log["rows_of"] == {"mnrl": 48, "nli_simcse": 88}
    assert log["rows_seen"] == {"mnrl": 96, "nli_simcse": 176}
    assert log["rows"] == 136
    assert log["steps"] == len(recording.batches) == 2 * (5 + 9)
    for name, count in (("mnrl", 48), ("nli_simcse", 88)):
        rows = [row for batch in recording.batches if batch.objective == name for row in batch.rows]
        assert sorted(rows[:count]) == sorted(rows[count:])
        assert len(set(rows[:count])) == len(set(dataset[name]["anchor"]))


def test_the_seed_decides_the_order_of_objectives_and_rows(bench: Workbench, recording: Recording) -> None:
    orders = []
    for seed in (0, 1):
        store, recording.batches = bench.store(), []
        bench.train(bench.cell("mnrl-nli", store, seed), store)
        orders.append(list(recording.batches))
    first, second = orders
    assert [batch.objective for batch in first] != [batch.objective for batch in second]
    assert sorted(row for batch in first for row in batch.rows) == sorted(row for batch in second for row in batch.rows)


def test_rows_of_one_objective_that_replace_anothers_fail_the_cell(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of steps is right, the rows are not."""
    from sentence_transformers import SentenceTransformerTrainer

    begin = SentenceTransformerTrainer.__init__

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - replaces the trainer's method
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


def test_a_cell_needs_what_both_objectives_need(bench: Workbench) -> None:
    cell = bench.cell("mnrl-nli", bench.store())
    assert sorted(need.value for need in cell.needs) == ["nli"]
    assert cell.method.family == "ranking"


def test_an_objective_without_rows_fails_the_cell(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-nli", store)
    training = bench.training_data(cell, store)
    with pytest.raises(CellError, match="nli_simcse made no training row"):
        train(cell, replace(training, data=replace(training.data, nli=())), store)
