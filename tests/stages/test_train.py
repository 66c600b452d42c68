"""Training: repeatable, resumable, and every row counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import CellError
from harness.stages import base_model
from harness.stages.lineage import base_key, train_key
from harness.stages.train import is_query, train

ENTRIES = {"mnrl": 2, "infonce-ance": 6, "clpl": 10, "soft-1": 2, "nli-simcse": 3}  # columns of text


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def log_of(folder: Path) -> Any:
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


@dataclass
class Seen:
    """What the trainer computed a loss on."""

    batches: list[list[tuple[int, ...]]] = field(default_factory=list)  # first column's tokens without padding
    columns: list[int] = field(default_factory=list)  # columns of text in each batch
    dropout: set[float] = field(default_factory=set)
    datasets: list[Any] = field(default_factory=list)
    losses: list[Any] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[int, ...]]:
        return [row for batch in self.batches for row in batch]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Write down what every trainer of this test sees."""
    from sentence_transformers import SentenceTransformerTrainer
    from torch import nn

    noted = Seen()
    compute, begin = SentenceTransformerTrainer.compute_loss, SentenceTransformerTrainer.__init__

    def compute_loss(self: Any, model: Any, inputs: dict[str, Any], **options: Any) -> Any:
        tokens = [value for name, value in inputs.items() if name.endswith("input_ids")]
        noted.batches.append([tuple(token for token in row if token != 1) for row in tokens[0].tolist()])
        noted.columns.append(len(tokens))
        noted.dropout |= {module.p for module in model.modules() if isinstance(module, nn.Dropout)}
        return compute(self, model, inputs, **options)

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - stands for the trainer's own
        noted.datasets.append(options["train_dataset"])
        noted.losses.append(options["loss"])
        begin(self, **options)

    monkeypatch.setattr(SentenceTransformerTrainer, "compute_loss", compute_loss)
    monkeypatch.setattr(SentenceTransformerTrainer, "__init__", __init__)
    return noted


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_one_cell_in_two_empty_stores_has_the_same_bits(bench: Any, name: str) -> None:
    import torch

    found = []
    for number in (1, 2):
        torch.manual_seed(number)  # whatever was drawn before
        store = bench.store()
        folder = bench.train(bench.cell(name, store), store)
        found.append((weights(folder), log_of(folder)))
    assert found[0] == found[1]


def test_two_seeds_have_other_weights_and_see_the_rows_in_another_order(bench: Any, seen: Seen) -> None:
    store = bench.store()
    one = weights(bench.train(bench.cell("mnrl", store, seed=0), store))
    first, seen.batches = seen.rows, []
    two = weights(bench.train(bench.cell("mnrl", store, seed=1), store))
    assert one != two
    assert first != seen.rows
    assert sorted(first) == sorted(seen.rows)


def test_two_seeds_see_other_batches_without_dropout_too(bench: Any) -> None:
    store = bench.store()
    folders = [bench.train(bench.cell("mnrl", store, seed, dropout=0.0), store) for seed in (0, 1)]
    assert weights(folders[0]) != weights(folders[1])
    assert log_of(folders[0])["losses"] != log_of(folders[1])["losses"]


@pytest.mark.parametrize("name", ENTRIES)
def test_every_row_is_seen_once_an_epoch_with_every_column(bench: Any, seen: Seen, name: str) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell(name, store), store))
    (dataset,) = seen.datasets
    rows = {"soft-1": 48 * 4, "nli-simcse": 88}.get(name, 48)  # three mined passages for each relevant one; triples
    assert log["rows"] == len(dataset) == len(seen.rows) == rows
    assert log["steps"] == len(log["losses"]) == len(seen.batches) == rows // 8
    assert set(seen.columns) == {ENTRIES[name]}
    assert log["columns"] == dataset.column_names
    times = {row: seen.rows.count(row) for row in seen.rows}
    texts = list(dataset["anchor"])
    assert sorted(times.values()) == sorted(texts.count(text) for text in set(texts))


@pytest.mark.parametrize("name", ENTRIES)
def test_losses_own_no_parameter(bench: Any, seen: Seen, name: str) -> None:
    store = bench.store()
    bench.train(bench.cell(name, store, batch_size=48), store)
    (loss,) = seen.losses
    assert {id(parameter) for parameter in loss.parameters()} <= {id(one) for one in loss.model.parameters()}


@pytest.mark.parametrize("epochs", [1, 2, 1.5])
def test_steps_count_accumulated_batches(bench: Any, seen: Seen, epochs: float) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store, batch_size=10, gradient_accumulation=2, epochs=epochs)
    steps = log_of(bench.train(cell, store))["steps"]
    assert steps == {1: 3, 2: 6, 1.5: 5}[epochs]  # an epoch has 5 batches, the last of 8
    assert sorted({len(batch) for batch in seen.batches}) == [8, 10]


def test_dropped_rows_fail_the_cell(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentence_transformers import SentenceTransformerTrainer

    begin = SentenceTransformerTrainer.__init__

    def __init__(self: Any, **options: Any) -> None:  # noqa: N807 - stands for the trainer's own
        begin(self, **{**options, "train_dataset": options["train_dataset"].select(range(24))})

    monkeypatch.setattr(SentenceTransformerTrainer, "__init__", __init__)
    store = bench.store()
    with pytest.raises(CellError, match="trained 3 steps of 6: rows were dropped"):
        bench.train(bench.cell("mnrl", store), store)


@pytest.mark.parametrize("name", ["mnrl", "mnrl-moe", "clpl-moe"])
@pytest.mark.parametrize("dropout", [0.0, 0.25])
def test_the_networks_dropout_is_the_trainings(bench: Any, seen: Seen, name: str, dropout: float) -> None:
    store = bench.store()
    bench.train(bench.cell(name, store, batch_size=48, dropout=dropout), store)
    assert seen.dropout == {dropout}


def test_the_suites_prompts_stand_before_the_texts(bench: Any, seen: Seen) -> None:
    text = bench.suite.text.model_copy(update={"query_prompt": "query: ", "passage_prompt": "passage: "})
    store = bench.store()
    cell = replace(bench.cell("clpl", store, batch_size=48), suite=bench.suite.model_copy(update={"text": text}))
    bench.train(cell, store)
    (row, *_) = seen.datasets[0]
    assert [value.split(" ")[0] for value in row.values()] == ["query:"] + ["passage:"] * 5 + ["query:"] * 4
    plain = cell.method.examples(bench.training_data(cell, store))[0]
    assert row["anchor"] == "query: " + plain["anchor"]


def test_columns_of_queries_are_known_by_their_names() -> None:
    assert [name for name in ("anchor", "positive", "passage", "negative_1", "query_1") if is_query(name)] == [
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
    bench: Any, plugin_folder: Callable[[str, str], Path], value: str
) -> None:
    store = bench.store()
    folder = plugin_folder("broken", BROKEN.replace("EXPRESSION", f"loss * float('{value}')").replace("STEP", "3"))
    cell = bench.cell_of("broken", store, 0, folder)
    with pytest.raises(CellError, match=f"diverged: loss {value} at step 3; lower the learning rate"):
        bench.train(cell, store)
    assert not store.has("train", train_key(cell))
    assert list((store.root / "train").rglob("model.safetensors")) == []


def test_a_weight_that_the_last_step_made_nan_fails_the_cell(
    bench: Any, plugin_folder: Callable[[str, str], Path]
) -> None:
    """The value of sqrt at 0 is finite, and its gradient is not."""
    store = bench.store()
    source = BROKEN.replace("EXPRESSION", "loss + (loss - loss).sqrt()").replace("STEP", "6")
    cell = bench.cell_of("broken", store, 0, plugin_folder("broken", source))
    with pytest.raises(CellError, match="diverged: a weight is NaN or infinite; lower the learning rate"):
        bench.train(cell, store)
    assert not store.has("train", train_key(cell))


def test_an_entry_without_a_training_row_fails_the_cell(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("nli-simcse", store)
    training = bench.training_data(cell, store)
    empty = replace(training, data=replace(training.data, nli=()))
    with pytest.raises(CellError, match="nli_simcse made no training row"):
        train(cell, empty, store)


class Killed(BaseException):
    """Stands for the end of a process."""


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_a_killed_training_goes_on_from_its_checkpoint_to_the_same_bits(bench: Any, name: str) -> None:
    uninterrupted = bench.store()
    wanted = bench.train(bench.cell(name, uninterrupted, epochs=2), uninterrupted)
    last = log_of(wanted)["steps"]

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "train" and done == last // 2 + 2:  # in the middle of the second epoch
            raise Killed

    heard: list[int] = []
    killed = bench.store(progress=kill)
    cell = bench.cell(name, killed, epochs=2, checkpoint_steps=last // 2 + 1)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    assert not killed.has("train", train_key(cell))
    again = type(killed)(killed.root, lambda stage, done, total: heard.append(done) if stage == "train" else None)
    folder = bench.train(cell, again)
    assert heard == list(range(last // 2 + 2, last + 1))
    assert weights(folder) == weights(wanted)
    assert log_of(folder) == log_of(wanted)
    assert not killed.partial(train_key(cell)).exists()


def test_a_trained_model_opens_without_the_harness_and_differs_from_its_base(bench: Any) -> None:
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    cell = bench.cell("mnrl", store)
    model = SentenceTransformer(str(bench.train(cell, store)), device="cpu")
    untuned = SentenceTransformer(str(base_model.base_model(cell.suite, cell.place, store)), device="cpu")
    assert model.max_seq_length == 128
    texts = ["비빔밥", "한글"]
    assert float(np.abs(model.encode(texts) - untuned.encode(texts)).max()) > 1e-3


def test_a_trained_model_is_found_and_not_trained_again(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    folder = bench.train(cell, store)
    assert bench.train(cell, store) == folder
    assert [run.cached for run in store.runs if run.stage == "train"] == [False, True]


def test_an_untrained_entrys_model_is_the_base(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("base", store)
    assert bench.train(cell, store) == base_model.base_model(cell.suite, cell.place, store)
    assert train_key(cell) == base_key(cell.suite)


def test_the_key_names_what_decides_the_weights_and_nothing_else(bench: Any) -> None:
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
