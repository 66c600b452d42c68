"""Negative queries from a writer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.chat_server import ChatServer, serving, status
from support.training_probes import log_of

from harness.errors import CellError
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.stages import write
from harness.stages.lineage import mine_key, train_key, write_key
from harness.stages.mine import negative_queries
from harness.stages.stage_settings import negative_query_writer
from harness.stages.train import train
from harness.types import Data, TrainingData
from tests.stages.conftest import Workbench

WRITER = Writer(kind="endpoint", model="tiny", prompt="Ask in {language} about: {passage}")


def cell_with(bench: Workbench, name: str, writer: object, seed: int = 0) -> tuple[Cell, Store]:
    store = bench.store()
    changed = Workbench(bench.suite.model_copy(update={"negative_queries": writer}), bench.root, bench.numbers)
    return changed.cell(name, store, seed), store


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    with serving(answer=lambda prompt: f"which: {prompt[-30:]}") as chat:
        for name, value in {**chat.environment, "HARNESS_ENDPOINT_RETRIES": "0"}.items():
            monkeypatch.setenv(name, value)
        yield chat


def mined(bench: Workbench, cell: Any, store: Any) -> TrainingData:
    return bench.mined(cell, store)


def test_a_method_that_reads_negative_queries_gets_one_for_every_mined_negative(
    bench: Workbench, server: ChatServer
) -> None:
    cell, store = cell_with(bench, "clpl", WRITER)
    training = mined(bench, cell, store)
    assert training.negative_queries == {}
    answered = write.write(cell, training, store)
    used = {doc for docs in answered.negatives.values() for doc in docs}
    assert set(answered.negative_queries) == used
    assert answered.negatives == training.negatives
    assert answered.negative_queries == {doc: (f"which: {training.passages[doc][-30:].strip()}",) for doc in used}
    assert len(server.prompts) == len({training.passages[doc] for doc in used})
    assert all(prompt.startswith("Ask in Korean about: ") for prompt in server.prompts)
    rows = cell.method.examples(answered)
    assert rows["query_1"][0].startswith("which: ")


def test_with_a_writer_passages_without_a_query_can_be_negatives_too(bench: Workbench) -> None:
    cell, store = cell_with(bench, "clpl", WRITER)
    data = bench.data(cell, store)
    by_data, _ = cell_with(bench, "clpl", "data")
    drawn = {doc for docs in mined(bench, cell, store).negatives.values() for doc in docs}
    assert not drawn <= set(negative_queries(data))
    assert mine_key(cell) != mine_key(by_data)


def test_an_entry_that_is_not_the_control_asks_no_writer(bench: Workbench, server: ChatServer) -> None:
    cell, store = cell_with(bench, "infonce-random", WRITER)
    training = mined(bench, cell, store)
    assert write.write(cell, training, store) is training
    assert server.prompts == []


def test_a_negative_that_got_no_query_is_dropped_for_clpl_and_its_control_alike(
    bench: Workbench, server: ChatServer
) -> None:
    clpl, store = cell_with(bench, "clpl", WRITER)
    control, _ = cell_with(bench, "infonce-ance", WRITER)
    assert write_key(control) == write_key(clpl)
    training = mined(bench, clpl, store)
    dev_query = training.queries[next(iter(training.data.dev))]
    first = next(iter(training.negatives))
    unanswered = {training.passages[doc] for doc in training.negatives[first]}  # its row is left without negatives
    server.answer = lambda prompt: dev_query if prompt.split(" about: ", 1)[1] in unanswered else "what?"
    rows, logs = [], []
    for cell in (clpl, replace(control, place=clpl.place)):
        written = bench.training_data(cell, store)
        rows.append(cell.method.examples(written))
        logs.append(log_of(train(cell, written, store)))
    assert rows[0].select_columns(rows[1].column_names).to_list() == rows[1].to_list()
    assert training.queries[first] not in rows[1]["anchor"]
    assert [log["pairs_without_negatives"] for log in logs] == [48 - len(rows[1])] * 2
    assert logs[1]["pairs_without_negatives"] >= 1
    provenances = [write.WRITE.provenance(cell) for cell in (clpl, replace(control, place=clpl.place))]
    assert provenances[0] == provenances[1]
    assert provenances[0]["negatives_dropped"] >= 10


def test_the_writer_is_in_the_model_key_where_the_rows_depend_on_it(bench: Workbench) -> None:
    changes: list[dict[str, Any]] = [{}, {"model": "b"}, {"prompt": "Another {passage}"}, {"max_tokens": 9}]
    for name, different in (("clpl", 4), ("infonce-ance", 4), ("infonce-random", 1), ("mnrl", 1)):
        cells = [cell_with(bench, name, WRITER.model_copy(update=change))[0] for change in changes]
        assert len({train_key(cell) for cell in cells}) == different
    by_data, _ = cell_with(bench, "clpl", "data")
    assert negative_query_writer(by_data) is None


def test_a_stage_that_failed_asks_only_for_the_missing_answers(bench: Workbench, server: ChatServer) -> None:
    cell, store = cell_with(bench, "clpl", WRITER)
    training = mined(bench, cell, store)
    count = iter(range(1000))

    def answer(prompt: str) -> str:
        if next(count) == 20:
            server.always = status(500)
        return "what?"

    server.answer = answer
    with pytest.raises(CellError, match=r"answered \d+ of \d+ passages, then failed: "):
        write.write(cell, training, store)
    assert not write.WRITE.is_stored(cell, store)
    server.always = None
    write.write(cell, training, store)
    assert len(server.answered) == len(set(server.answered))
    assert write.WRITE.is_stored(cell, store)
    provenance = write.WRITE.provenance(cell)
    assert provenance["asked"] < provenance["passages"]
    assert provenance["asked"] + provenance["cached"] == provenance["passages"]


DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(6)},
    queries={"q1": "first", "q9": "asked in dev"},
    train={"q1": ("d1",)},
    dev={"q9": {"d3": 1}},
)


def test_a_written_query_with_the_text_of_a_dev_query_is_left_out() -> None:
    training = TrainingData(DATA, seed=0, negatives={"q1": ("d2", "d4")})
    queries = write.usable(training, {"d2": ("asked  in dev",), "d4": ("asked in dev", "another")})
    assert queries == {"d4": ("another",)}


def test_a_negative_whose_only_query_is_a_dev_query_is_dropped(bench: Workbench, server: ChatServer) -> None:
    cell, store = cell_with(bench, "clpl", WRITER)
    training = mined(bench, cell, store)
    used = sorted({doc for docs in training.negatives.values() for doc in docs})
    dev_query = training.queries[next(iter(training.data.dev))]
    passage = training.passages[used[0]]
    server.answer = lambda prompt: dev_query if prompt.endswith(passage) else "what?"
    answered = write.write(cell, training, store)
    assert set(answered.negative_queries) == set(used[1:])
    assert used[0] not in {doc for docs in answered.negatives.values() for doc in docs}
    assert write.WRITE.provenance(cell)["left_out_as_dev"] == 1
