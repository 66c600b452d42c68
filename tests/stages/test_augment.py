"""Written training queries among those of the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.chat_server import serving

from harness.keys import digest
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.stages import augment
from harness.stages.lineage import data_key, mine_key, prepare_key, train_key
from harness.stages.prepare import prepare
from harness.stages.training_rows import mined
from harness.types import Data
from tests.stages.conftest import Workbench

WRITER = Writer(kind="endpoint", model="tiny", prompt="{passage}")
DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(6)},
    queries={"q1": "first", "q2": "second", "q9": "asked in dev"},
    train={"q1": ("d1",), "q2": ("d1", "d2")},
    dev={"q9": {"d3": 1}},
)


def id_of(text: str) -> str:
    return f"written-{digest(text)[:16]}"


def test_a_written_query_has_an_id_made_from_its_text() -> None:
    data, counts = augment.merged(DATA, {"d1": ("new one",), "d2": ("new two",)})
    assert data.train == {**DATA.train, id_of("new one"): ("d1",), id_of("new two"): ("d2",)}
    assert data.queries == {**DATA.queries, id_of("new one"): "new one", id_of("new two"): "new two"}
    assert list(data.train) == sorted(data.train)
    assert (data.dev, data.passages) == (DATA.dev, DATA.passages)
    assert counts == {"added": 2, "left_out_as_dev": 0, "left_out_as_training": 0}


def test_a_written_query_with_the_text_of_a_dev_or_training_query_is_left_out_and_counted() -> None:
    data, counts = augment.merged(DATA, {"d1": ("asked  in\u0020dev ", "first"), "d2": ("second", "new")})
    assert set(data.train) == {"q1", "q2", id_of("new")}
    assert counts == {"added": 1, "left_out_as_dev": 1, "left_out_as_training": 2}


def test_one_text_for_two_passages_is_one_query_with_both() -> None:
    data, counts = augment.merged(DATA, {"d1": ("same",), "d2": ("same ",)})
    assert data.train[id_of("same")] == ("d1", "d2")
    assert counts["added"] == 1


def test_an_id_that_the_data_already_have_is_not_used_again() -> None:
    data = replace(DATA, queries={**DATA.queries, id_of("new"): "of the data"})
    data, _ = augment.merged(data, {"d1": ("new",)})
    (name,) = set(data.train) - set(DATA.train)
    assert name == f"written-{digest('new')}"
    assert data.queries[id_of("new")] == "of the data"


def test_a_written_query_takes_the_negatives_of_queries_that_share_its_passage() -> None:
    rows = replace(DATA, mined={"q1": ("d3", "d2"), "q2": ("d4", "d3")})
    data, _ = augment.merged(rows, {"d1": ("both",), "d2": ("second's", "both")})
    assert data.mined[id_of("second's")] == ("d4", "d3")
    assert data.mined[id_of("both")] == ("d3", "d4")  # d2 is relevant to it


def cell_with(bench: Workbench, name: str, writer: Writer | None) -> tuple[Cell, Store]:
    store = bench.store()
    changed = Workbench(bench.suite.model_copy(update={"augmentation": writer}), bench.root, bench.numbers)
    return changed.cell(name, store), store


def test_the_writer_is_in_the_keys_of_cells_that_train_on_queries_and_in_no_other(bench: Workbench) -> None:
    for name, reads in (("infonce-ance", True), ("mnrl", True), ("nli-simcse", False), ("base", False)):
        keys = set()
        for writer in (None, WRITER, WRITER.model_copy(update={"prompt": "another {passage}"})):
            cell, _ = cell_with(bench, name, writer)
            keys.add((data_key(cell), train_key(cell)))
            if cell.entry.negatives:
                keys.add((mine_key(cell), train_key(cell)))
        assert len(keys) == {"infonce-ance": 6, "mnrl": 3}.get(name, 1), name
        assert reads == (len(keys) > 1)


def test_a_cell_trains_on_queries_that_a_server_wrote_for_its_relevant_passages(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, store = cell_with(bench, "mnrl", WRITER)
    data = prepare(cell.suite, "ko", cell.place, store)
    relevant = {doc for docs in data.train.values() for doc in docs}
    dev_query = data.queries[next(iter(data.dev))]
    with serving(answer=lambda prompt: f"{dev_query if prompt == first else 'about ' + prompt[:40]}") as server:
        first = data.passages[min(relevant)]
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        augmented = augment.augment(cell, data, store)
        again = augment.augment(cell, data, store)
    assert sorted(server.prompts) == sorted(data.passages[doc] for doc in relevant)
    assert again.train == augmented.train
    assert len(augmented.train) - len(data.train) == len(relevant) - 1
    assert dev_query not in {augmented.queries[query] for query in augmented.train}
    assert len(mined(cell, augmented, store).pairs()) > len(mined(cell, data, store).pairs())


def test_without_a_writer_the_data_are_unchanged(bench: Workbench, tmp_path: Path) -> None:
    cell, store = cell_with(bench, "mnrl", None)
    assert augment.augment(cell, DATA, store) is DATA
    assert data_key(cell) == prepare_key(cell.suite, "ko")
