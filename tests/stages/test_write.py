"""Negative queries that a writer gives."""

from __future__ import annotations

from typing import Any

import pytest
from support.chat_server import ChatServer, serving, status

from harness.errors import CellError
from harness.request.manifest import Writer
from harness.stages import mine, train, write
from harness.types import Data, TrainingData

WRITER = Writer(kind="endpoint", model="tiny", prompt="Ask in {language} about: {passage}")


def cell_with(bench: Any, name: str, given: object, seed: int = 0) -> tuple[Any, Any]:
    store = bench.store()
    own = type(bench)(bench.suite.model_copy(update={"negative_queries": given}), bench.root, bench.numbers)
    return own.cell(name, store, seed), store


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    with serving(answer=lambda prompt: f"which: {prompt[-30:]}") as chat:
        for name, value in {**chat.environment, "HARNESS_ENDPOINT_RETRIES": "0"}.items():
            monkeypatch.setenv(name, value)
        yield chat


def mined(bench: Any, cell: Any, store: Any) -> TrainingData:
    training: TrainingData = mine.mine(cell, bench.data(cell, store), store)
    return training


def test_a_method_with_negative_queries_gets_one_for_every_mined_negative(bench: Any, server: ChatServer) -> None:
    cell, store = cell_with(bench, "clpl", WRITER)
    training = mined(bench, cell, store)
    assert training.negative_queries == {}
    found = write.write(cell, training, store)
    used = {doc for docs in found.negatives.values() for doc in docs}
    assert set(found.negative_queries) == used
    assert found.negatives == training.negatives
    assert found.negative_queries == {doc: (f"which: {training.passages[doc][-30:].strip()}",) for doc in used}
    assert len(server.prompts) == len({training.passages[doc] for doc in used})
    assert all(prompt.startswith("Ask in Korean about: ") for prompt in server.prompts)
    rows = cell.method.examples(found)
    assert rows["query_1"][0].startswith("which: ")


def test_with_a_writer_every_passage_can_be_a_negative_and_without_one_those_with_a_query(bench: Any) -> None:
    cell, store = cell_with(bench, "infonce-random", WRITER)
    data = bench.data(cell, store)
    by_data, _ = cell_with(bench, "infonce-random", "data")
    drawn = {doc for docs in mined(bench, cell, store).negatives.values() for doc in docs}
    assert not drawn <= set(mine.negative_queries(data))
    assert mine.key_of(cell) != mine.key_of(by_data)
    nobody, _ = cell_with(bench, "infonce-random", None)
    assert mine.key_of(cell) == mine.key_of(nobody)


def test_the_control_shares_the_negatives_and_asks_nobody(bench: Any, server: ChatServer) -> None:
    cell, store = cell_with(bench, "infonce-ance", WRITER)
    clpl, _ = cell_with(bench, "clpl", WRITER)
    assert mine.key_of(cell) == mine.key_of(clpl)
    training = mined(bench, cell, store)
    assert write.write(cell, training, store) is training
    assert server.prompts == []


def test_who_writes_is_part_of_the_trained_models_key_where_the_queries_are_read(bench: Any) -> None:
    changes: list[dict[str, Any]] = [{}, {"model": "b"}, {"prompt": "Another {passage}"}, {"max_tokens": 9}]
    for name, different in (("clpl", 4), ("infonce-ance", 1)):
        cells = [cell_with(bench, name, WRITER.model_copy(update=change))[0] for change in changes]
        assert len({train.key_of(cell) for cell in cells}) == different
    by_data, _ = cell_with(bench, "clpl", "data")
    assert write.writer_of(by_data) is None


def test_a_stage_that_broke_off_asks_only_for_what_is_missing(bench: Any, server: ChatServer) -> None:
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
    assert not store.has(write.STAGE, write.key_of(cell))
    server.always = None
    write.write(cell, training, store)
    assert len(server.answered) == len(set(server.answered))
    assert store.has(write.STAGE, write.key_of(cell))
    (found,) = write.provenance(cell).values()
    assert found["asked"] < found["passages"]
    assert found["asked"] + found["cached"] == found["passages"]


DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(6)},
    queries={"q1": "first", "q9": "asked in dev"},
    train={"q1": ("d1",)},
    dev={"q9": {"d3": 1}},
)


def test_a_written_query_with_the_text_of_a_dev_query_is_left_out() -> None:
    training = TrainingData(DATA, seed=0, negatives={"q1": ("d2", "d4")})
    found = write.usable(training, {"d2": ("asked  in dev",), "d4": ("asked in dev", "another")})
    assert found == {"d4": ("another",)}


def test_a_negative_whose_only_query_is_a_dev_query_is_no_negative_any_more(bench: Any, server: ChatServer) -> None:
    cell, store = cell_with(bench, "clpl", WRITER)
    training = mined(bench, cell, store)
    used = sorted({doc for docs in training.negatives.values() for doc in docs})
    taken = training.queries[next(iter(training.data.dev))]
    passage = training.passages[used[0]]
    server.answer = lambda prompt: taken if prompt.endswith(passage) else "what?"
    found = write.write(cell, training, store)
    assert set(found.negative_queries) == set(used[1:])
    assert used[0] not in {doc for docs in found.negatives.values() for doc in docs}
    assert write.provenance(cell)["write"]["left_out_as_dev"] == 1
