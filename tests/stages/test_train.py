"""Training: repeatable, resumable, and every row counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.training_probes import Killed, Recording, kill_at, log_of, note_steps, weights

from harness.errors import CellError
from harness.machine.store import Store
from harness.stages.base_model import base_model
from harness.stages.lineage import base_key, train_key
from harness.stages.objective import examples
from harness.stages.text_columns import collator, role
from harness.stages.train import train
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench

ENTRIES = {"mnrl": 2, "infonce-ance": 6, "clpl": 10, "soft-1": 2, "nli-simcse": 3}  # columns of text


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_one_cell_in_two_empty_stores_has_the_same_bits(bench: Workbench, name: str) -> None:
    import torch

    results = []
    for number in (1, 2):
        torch.manual_seed(number)  # torch's generator must not matter
        store = bench.store()
        folder = bench.train(bench.cell(name, store), store)
        results.append((weights(folder), log_of(folder)))
    assert results[0] == results[1]


def test_two_seeds_have_different_weights_and_row_orders(bench: Workbench, recording: Recording) -> None:
    store = bench.store()
    weights_0 = weights(bench.train(bench.cell("mnrl", store, seed=0), store))
    first, recording.batches = recording.rows, []
    weights_1 = weights(bench.train(bench.cell("mnrl", store, seed=1), store))
    assert weights_0 != weights_1
    assert first != recording.rows
    assert sorted(first) == sorted(recording.rows)


def test_two_seeds_see_different_batches_without_dropout_too(bench: Workbench) -> None:
    store = bench.store()
    folders = [bench.train(bench.cell("mnrl", store, seed, dropout=0.0), store) for seed in (0, 1)]
    assert weights(folders[0]) != weights(folders[1])
    assert log_of(folders[0])["losses"] != log_of(folders[1])["losses"]


@pytest.mark.parametrize("name", ENTRIES)
def test_every_row_is_seen_once_per_epoch_with_every_column(bench: Workbench, recording: Recording, name: str) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell(name, store), store))
    (dataset,) = recording.datasets
    rows = {"soft-1": 48 * 4, "nli-simcse": 88}.get(name, 48)  # three mined passages for each relevant one; triples
    assert log["rows"] == len(dataset) == len(recording.rows) == rows
    assert log["steps"] == len(log["losses"]) == len(recording.batches) == rows // 8
    assert {batch.columns for batch in recording.batches} == {ENTRIES[name]}
    assert log["columns"] == dataset.column_names
    times = {row: recording.rows.count(row) for row in recording.rows}
    texts = list(dataset["anchor"])
    assert sorted(times.values()) == sorted(texts.count(text) for text in set(texts))


@pytest.mark.parametrize("name", ENTRIES)
def test_losses_have_no_parameters_of_their_own(bench: Workbench, recording: Recording, name: str) -> None:
    store = bench.store()
    bench.train(bench.cell(name, store, batch_size=48), store)
    (loss,) = recording.losses
    assert set(loss.parameters()) <= set(loss.model.parameters())


@pytest.mark.parametrize("epochs", [1, 2, 1.5])
def test_steps_count_accumulated_batches(bench: Workbench, recording: Recording, epochs: float) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store, batch_size=10, gradient_accumulation=2, epochs=epochs)
    steps = log_of(bench.train(cell, store))["steps"]
    assert steps == {1: 3, 2: 6, 1.5: 5}[epochs]  # an epoch has 5 batches, the last of 8
    assert sorted({len(batch.rows) for batch in recording.batches}) == [8, 10]


def test_dropped_rows_fail_the_cell(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentence_transformers import SentenceTransformerTrainer

    begin = SentenceTransformerTrainer.__init__

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - replaces the trainer's method
        begin(self, **{**options, "train_dataset": options["train_dataset"].select(range(24))})

    monkeypatch.setattr(SentenceTransformerTrainer, "__init__", __init__)
    store = bench.store()
    with pytest.raises(CellError, match="trained 3 steps of 6: rows were dropped"):
        bench.train(bench.cell("mnrl", store), store)


@pytest.mark.parametrize("name", ["mnrl", "mnrl-moe", "clpl-moe"])
@pytest.mark.parametrize("dropout", [0.0, 0.25])
def test_the_networks_dropout_is_that_of_the_training_settings(
    bench: Workbench, recording: Recording, name: str, dropout: float
) -> None:
    store = bench.store()
    bench.train(bench.cell(name, store, batch_size=48, dropout=dropout), store)
    assert recording.dropout == {dropout}


def test_the_suites_prompts_are_put_before_the_texts(bench: Workbench, base_folder: Path) -> None:
    text = bench.suite.text.model_copy(update={"query_prompt": "바다, 산: ", "passage_prompt": "강 "})
    store = bench.store()
    cell = replace(bench.cell("clpl", store), suite=bench.suite.model_copy(update={"text": text}))
    rows, model = examples(cell, bench.training_data(cell, store)), open_model(base_folder, "cpu")
    row = rows["clpl"][0][0]
    batch = collator(model, rows, text)([row])
    of_roles = {"query": "바다, 산: ", "negative_query": "바다, 산: ", "passage": "강 "}
    prompts = {name: of_roles[role(name)] for name in row if name != "label"}
    assert list(prompts.values()) == ["바다, 산: "] + ["강 "] * 5 + ["바다, 산: "] * 4
    for name, prompt in prompts.items():
        most = text.query_max_length if role(name) == "query" else text.passage_max_length
        expected = model.tokenizer([prompt + row[name]], truncation=True, max_length=most)["input_ids"]
        assert batch[f"{name}_input_ids"].tolist() == expected


def test_query_columns_are_recognized_by_name() -> None:
    assert [name for name in ("anchor", "positive", "passage", "negative_1", "query_1") if role(name) == "query"] == [
        "anchor",
        "query_1",
    ]


BROKEN = """
from dataclasses import dataclass
from torch import nn
from methods.mnrl import MNRL

class Loss(nn.Module):
    def __init__(self, loss, step):
        super().__init__()
        self.loss, self.left = loss, step

    def forward(self, features, labels=None):
        self.left -= 1
        loss = self.loss(features, labels)
        return EXPRESSION if self.left == 0 else loss

@dataclass(frozen=True)
class Broken(MNRL):
    def loss(self, model):
        return Loss(super().loss(model), STEP)

PLUGIN = Broken
"""


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_loss_that_is_not_finite_fails_the_cell_with_the_step(
    bench: Workbench, plugin_folder: Callable[[str, str], Path], value: str
) -> None:
    store = bench.store()
    folder = plugin_folder("broken", BROKEN.replace("EXPRESSION", f"loss * float('{value}')").replace("STEP", "3"))
    cell = bench.cell_of("broken", store, 0, folder)
    with pytest.raises(CellError, match=f"diverged: loss {value} at step 3; lower train.learning_rate"):
        bench.train(cell, store)
    assert not store.has("train", train_key(cell))
    assert list((store.root / "train").rglob("model.safetensors")) == []


def test_a_weight_that_is_nan_after_the_last_step_fails_the_cell(
    bench: Workbench, plugin_folder: Callable[[str, str], Path]
) -> None:
    """At 0, sqrt is finite and its gradient is not."""
    store = bench.store()
    source = BROKEN.replace("EXPRESSION", "loss + (loss - loss).sqrt()").replace("STEP", "6")
    cell = bench.cell_of("broken", store, 0, plugin_folder("broken", source))
    with pytest.raises(CellError, match=r"diverged: a weight is NaN or infinite; lower train\.learning_rate"):
        bench.train(cell, store)
    assert not store.has("train", train_key(cell))


@pytest.mark.parametrize(
    ("temperature", "problem"),
    [
        (1e-30, "not trained: no weight changed in 6 steps, at learning rates up to 0.001"),  # clipped to 0
        (1e-300, "diverged: loss nan at step 1"),  # 0 in float32
    ],
)
def test_a_temperature_at_which_scores_overflow_is_what_is_to_be_checked(
    bench: Workbench, temperature: float, problem: str
) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    entry = cell.entry.model_copy(update={"settings": {"mnrl": {"temperature": temperature}}})
    with pytest.raises(CellError) as error:
        bench.train(replace(cell, entry=entry), store)
    assert str(error.value).startswith(f"{problem}; the gradient of the first step is ")
    assert str(error.value).endswith(f": check the loss and its settings (mnrl.temperature={temperature:g})")


def test_an_entry_without_a_training_row_fails_the_cell(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("nli-simcse", store)
    training = bench.training_data(cell, store)
    empty = replace(training, data=replace(training.data, nli=()))
    with pytest.raises(CellError, match="nli_simcse made no training row"):
        train(cell, empty, store)


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_a_killed_training_resumes_from_its_checkpoint_to_the_same_bits(bench: Workbench, name: str) -> None:
    uninterrupted = bench.store()
    expected = bench.train(bench.cell(name, uninterrupted, epochs=2), uninterrupted)
    last = log_of(expected)["steps"]

    killed = bench.store(progress=kill_at(last // 2 + 2))  # in the middle of the second epoch
    cell = bench.cell(name, killed, epochs=2, checkpoint_steps=last // 2 + 1)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    assert not killed.has("train", train_key(cell))
    steps: list[int] = []
    again = Store(killed.root, note_steps(steps))
    folder = bench.train(cell, again)
    assert steps == list(range(last // 2 + 2, last + 1))
    assert weights(folder) == weights(expected)
    assert log_of(folder) == log_of(expected)
    assert not killed.partial(train_key(cell)).exists()


def test_a_trained_model_opens_without_the_harness_and_differs_from_its_base(bench: Workbench) -> None:
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    cell = bench.cell("mnrl", store)
    model = SentenceTransformer(str(bench.train(cell, store)), device="cpu")
    untuned = SentenceTransformer(str(base_model(cell.suite, cell.place, store)), device="cpu")
    assert model.max_seq_length == 128
    texts = ["비빔밥", "한글"]
    assert float(np.abs(model.encode(texts) - untuned.encode(texts)).max()) > 1e-3


def test_a_trained_model_is_cached(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    folder = bench.train(cell, store)
    assert bench.train(cell, store) == folder
    assert [run.cached for run in store.runs if run.stage == "train"] == [False, True]


def test_the_model_of_an_untrained_entry_is_the_base(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("base", store)
    assert bench.train(cell, store) == base_model(cell.suite, cell.place, store)
    assert train_key(cell) == base_key(cell.suite)


def test_the_key_covers_what_decides_the_weights_and_nothing_else(bench: Workbench) -> None:
    store, other = bench.store(), bench.store()
    cell = bench.cell("clpl", store)
    same = replace(cell, place=replace(cell.place, cache=other.root))
    renamed = replace(cell, entry=cell.entry.model_copy(update={"name": "mine", "title": "mine", "about": "mine"}))
    assert train_key(same) == train_key(renamed) == train_key(cell)
    others = [
        bench.cell("clpl", store, seed=1),
        bench.cell("clpl", store, learning_rate=1e-4),
        bench.cell("clpl@published", store),
        bench.cell("clpl-intermediate", store),
        bench.cell("infonce-ance", store),
        replace(cell, place=replace(cell.place, device="cuda")),
        replace(cell, suite=cell.suite.model_copy(update={"max_train": 47})),
    ]
    assert len({train_key(cell), *map(train_key, others)}) == 8
