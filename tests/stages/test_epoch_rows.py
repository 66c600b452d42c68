"""The published recipe's rows: one per query, drawn again in each epoch, the last one dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stages.conftest import Workbench
from support.authors_rows import declared, lines, row, with_published_rows, written
from support.training_probes import Killed, Recording, kill_at, log_of, weights

from harness.errors import DataError
from harness.machine.store import Store
from harness.request.cell import Cell, Place
from harness.stages.epoch_rows import EpochBatches
from harness.stages.lineage import data_key, prepare_key, train_key
from harness.stages.objective import batches, examples
from harness.stages.published_rows import published_rows, rows_file
from harness.stages.text_columns import collator
from harness.stages.train import train
from harness.stages.training_arguments import step_count
from harness.stages.training_rows import training_rows
from harness.types import TrainingData
from harness.vectors.encoder import open_model

PUBLISHED = {"epochs": 2, "batch_size": 1, "gradient_accumulation": 4, "precision": "float32"}
Drawn = list[list[dict[str, str]]]  # rows of each epoch


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path


def cell_on_rows(
    bench: Workbench, folder: Path, name: str, rows: Sequence[Any], seed: int = 0, **training: Any
) -> Cell:
    """Return a cell of an entry on a suite that declares these rows, which are in the data folder."""
    content = lines(rows)
    store = bench.store()
    cell = bench.cell(name, store, seed, **{**PUBLISHED, **training})
    suite = with_published_rows(bench.suite, declared(content)).model_copy(update={"max_train": None})
    entry = cell.entry.model_copy(update={"rows": "published"})
    return replace(cell, suite=suite, entry=entry, place=Place(store.root, written(folder, content)))


def training_of(bench: Workbench, cell: Cell, store: Store) -> TrainingData:
    return training_rows(cell, published_rows(cell, bench.data(cell, store), store), store)


def drawn(bench: Workbench, cell: Cell) -> Drawn:
    (datasets,) = examples(cell, training_of(bench, cell, Store(cell.place.cache))).values()
    return [dataset.to_list() for dataset in datasets]


ROWS = [row(number) for number in range(9)]


def test_a_row_is_drawn_from_one_line_with_the_queries_of_its_negatives(bench: Workbench, source: Path) -> None:
    for epoch in drawn(bench, cell_on_rows(bench, source, "clpl@published", ROWS)):
        assert len(epoch) == 8
        assert len({drawn_row["anchor"] for drawn_row in epoch}) == 8
        for drawn_row in epoch:
            number = drawn_row["anchor"].removeprefix("query ")
            assert drawn_row["positive"].startswith(f"positive {number} ")
            negatives = [drawn_row[f"negative_{k}"] for k in range(1, 5)]
            assert len(set(negatives)) == 4
            assert [drawn_row[f"negative_query_{k}"] for k in range(1, 5)] == [
                text.replace("negative", "answered") for text in negatives
            ]


def test_positives_negatives_order_and_the_dropped_row_are_drawn_again_in_each_epoch(
    bench: Workbench, source: Path
) -> None:
    cell = cell_on_rows(bench, source, "clpl@published", ROWS, epochs=12)
    epochs = drawn(bench, cell)
    assert len({tuple(drawn_row["anchor"] for drawn_row in epoch) for epoch in epochs}) == 12
    positives = {drawn_row["positive"] for epoch in epochs for drawn_row in epoch}
    negatives = {drawn_row["negative_1"] for epoch in epochs for drawn_row in epoch}
    assert positives == {text for line in ROWS for text in line["pos"]}
    assert len(negatives) > 40  # of 54
    dropped = [{f"query {number}" for number in range(9)} - {r["anchor"] for r in epoch} for epoch in epochs]
    assert len({min(queries) for queries in dropped}) > 3


def test_fewer_negatives_than_drawn_are_repeated(bench: Workbench, source: Path) -> None:
    rows = [row(number, negatives=2) for number in range(3)]
    for drawn_row in drawn(bench, cell_on_rows(bench, source, "clpl@published", rows))[0]:
        negatives = [drawn_row[f"negative_{k}"] for k in range(1, 5)]
        assert sorted(negatives.count(text) for text in set(negatives)) == [2, 2]


def test_the_control_trains_on_equal_draws(bench: Workbench, source: Path) -> None:
    clpl = drawn(bench, cell_on_rows(bench, source, "clpl@published", ROWS))
    moe = drawn(bench, cell_on_rows(bench, source, "clpl-moe@published", ROWS))
    control = drawn(bench, cell_on_rows(bench, source, "infonce-ance@published", ROWS))
    assert moe == clpl
    assert control == [[{name: r[name] for name in control[0][0]} for r in epoch] for epoch in clpl]


def test_another_seed_draws_other_rows_and_the_same_seed_the_same(bench: Workbench, source: Path) -> None:
    first, again, other = (
        drawn(bench, cell_on_rows(bench, source, "clpl@published", ROWS, seed)) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_random_negatives_are_drawn_from_the_passages_of_the_rows(bench: Workbench, source: Path) -> None:
    cell = cell_on_rows(bench, source, "infonce-random@published", ROWS)
    texts = {text for line in ROWS for name in ("pos", "neg") for text in line[name]}
    for drawn_row in drawn(bench, cell)[0]:
        number = drawn_row["anchor"].removeprefix("query ")
        negatives = [drawn_row[f"negative_{k}"] for k in range(1, 5)]
        assert set(negatives) <= texts
        assert not any(text.startswith(f"positive {number} ") for text in negatives)


def test_the_steps_of_korean_are_those_of_its_868_queries_without_one(bench: Workbench, source: Path) -> None:
    rows = [row(number, positives=1 + (number < 868) + (number < 237), negatives=10) for number in range(868)]
    assert sum(len(line["pos"]) for line in rows) == 1973
    cell = cell_on_rows(bench, source, "clpl@published", rows)
    datasets = examples(cell, training_of(bench, cell, Store(cell.place.cache)))
    assert batches(datasets, 1) == 867
    assert step_count(867, cell.training) == 434  # two epochs of 217 steps, the last of each over three rows


def test_training_reads_every_drawn_row_once(bench: Workbench, source: Path, recording: Recording) -> None:
    cell = cell_on_rows(bench, source, "clpl@published", ROWS)
    store = Store(cell.place.cache)
    log = log_of(train(cell, training_of(bench, cell, store), store))
    assert (log["rows"], log["rows_seen"], log["drawn_epochs"], log["steps"]) == (8, {"clpl": 16}, 2, 4)
    assert len(recording.rows) == 16
    assert len(set(recording.rows[:8])) == len(set(recording.rows[8:])) == 8
    assert recording.rows[:8] != recording.rows[8:]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_training_killed_in_any_epoch_resumes_to_the_same_weights(bench: Workbench, source: Path, step: int) -> None:
    cell = cell_on_rows(bench, source, "clpl@published", ROWS, checkpoint_steps=1)
    store = Store(cell.place.cache)
    training = training_of(bench, cell, store)
    with pytest.raises(Killed):
        train(cell, training, Store(store.root, progress=kill_at(step)))
    resumed = train(cell, training, store)
    whole = train(cell, training, bench.store())
    assert weights(resumed) == weights(whole)
    assert log_of(resumed)["rows_seen"] == {"clpl": 16}


def test_negative_queries_are_cut_at_the_length_of_passages(bench: Workbench, base_folder: Path, source: Path) -> None:
    long = {**row(0), "query": "query " * 50, "pos": ["text " * 50], "neg": ["text " * 50], "neg_q": ["answered " * 50]}
    cell = cell_on_rows(bench, source, "clpl@published", [long, long])
    text = cell.suite.text.model_copy(update={"query_max_length": 8, "passage_max_length": 24})
    rows = examples(cell, training_of(bench, cell, Store(cell.place.cache)))
    model = open_model(base_folder, "cpu")
    batch = collator(model, rows, text)([rows["clpl"][0][0]])
    lengths = {name: value.shape[1] for name, value in batch.items() if name.endswith("input_ids")}
    assert lengths.pop("anchor_input_ids") == 8
    assert set(lengths.values()) == {24}
    assert len(lengths) == 9


def test_the_record_has_what_was_read(bench: Workbench, source: Path) -> None:
    cell = cell_on_rows(bench, source, "clpl@published", [*ROWS, {"query": "alone"}])
    store = Store(cell.place.cache)
    assert rows_file(cell, store) is None
    training_of(bench, cell, store)
    file = rows_file(cell, store)
    assert file is not None
    assert (file["lines"], file["rows"], file["incomplete"]) == (10, 9, 1)
    assert file["bytes"] == len(lines([*ROWS, {"query": "alone"}]))
    assert len(file["sha256"]) == 64


def test_a_missing_file_names_the_command_that_fetches_it(bench: Workbench, source: Path) -> None:
    cell = cell_on_rows(bench, source, "clpl@published", ROWS)
    (source / "ko_CLPL_train_data.jsonl").unlink()
    with pytest.raises(DataError, match="run `harness data fetch mini`"):
        training_of(bench, cell, Store(cell.place.cache))


def test_other_entries_and_other_requests_keep_the_rows_of_the_suite(bench: Workbench, source: Path) -> None:
    published = cell_on_rows(bench, source, "clpl@published", ROWS)
    corrected = replace(published, entry=bench.cell("clpl", bench.store()).entry)
    prepared = prepare_key(published.suite, "ko")
    assert data_key(corrected) == prepared
    assert data_key(published) != prepared
    other = with_published_rows(published.suite, declared(lines(ROWS[:8])))
    assert train_key(replace(published, suite=other)) != train_key(published)
    assert train_key(replace(corrected, suite=other)) == train_key(corrected)


def test_a_suite_without_the_rows_says_so_as_a_departure(bench: Workbench, source: Path) -> None:
    cell = bench.cell("clpl@published", bench.store())
    assert cell.entry.rows == "suite"
    assert any("training rows are not of this suite" in text for text in cell.entry.departures)
    assert data_key(cell) == prepare_key(cell.suite, "ko")


def test_the_batches_of_an_epoch_are_its_part_of_the_rows() -> None:
    sampler = EpochBatches(rows=3, batch_size=2)
    assert (len(sampler), list(sampler)) == (2, [[0, 1], [2]])
    sampler.set_epoch(2)
    assert list(sampler) == [[6, 7], [8]]
