"""The requests that a plan sends to writers, and what is rejected before the first one."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.chat_server import KEY, serving

from harness.errors import RequestError
from harness.execution import forecast, plan
from harness.keys import digest
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import BuiltBase, Writer
from harness.request.request import Request
from harness.stages.augment import augment
from harness.stages.prepare import prepare
from harness.stages.training_rows import mined
from harness.stages.write import WRITE, passages_of, write
from harness.writers.endpoint_access import check_reachable, read_access

Cells = Callable[..., list[Cell]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def cells(tmp_path: Path, store: Store) -> Cells:
    """Cells of `mini` in Korean with 12 training queries, on a base encoder that is built quickly."""

    def make(methods: str, **options: Any) -> list[Cell]:
        request = Request(
            suite="mini",
            methods=tuple(methods.split(",")),
            languages=("ko",),
            seeds=tuple(options.pop("seeds", [0])),
            max_train=12,
            **options,
        )
        base = BuiltBase(
            vocab_size=600,
            hidden_size=16,
            intermediate_size=16,
            layers=1,
            attention_heads=1,
            initialisation_seed=0,
        )
        planned = plan.make(request, store.root)
        small = planned.suite.model_copy(
            update={"base_model": base, "languages": {"ko": planned.suite.languages["ko"]}}
        )
        return [Cell(small, cell.entry, "ko", cell.seed, cell.place) for cell in planned.cells]

    return make


def without_clpl(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.entry.name != "clpl"]


def lines(cells: list[Cell], store: Store) -> list[str]:
    return [str(requests) for requests in forecast.requests(cells, store)]


def test_before_anything_is_read_the_bound_is_queries_times_depth_within_the_pool(cells: Cells, store: Store) -> None:
    planned = cells("clpl", negative_queries="endpoint:m")
    assert lines(planned, store) == [
        "negative queries by endpoint 'm': at most 120 requests; cached answers are not requested again"
    ]
    more_cells = cells("clpl,clpl-moe,infonce-ance", negative_queries="endpoint:m", seeds=[0, 1])
    assert lines(more_cells, store) == lines(planned, store)  # one set of negatives for all of them
    planned = cells("clpl", negative_queries="endpoint:m", augment="endpoint:m")
    assert lines(planned, store) == [
        "training queries by endpoint 'm': at most 192 requests; cached answers are not requested again",
        "negative queries by endpoint 'm': at most 192 requests; cached answers are not requested again",
    ]


def test_cells_that_ask_no_endpoint_or_model_are_not_counted(cells: Cells, store: Store, tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"doc_id": "d1", "queries": ["what?"]}\n')
    assert lines(without_clpl(cells("infonce-random,base,clpl", negative_queries="endpoint:m")), store) == []
    assert lines(cells("clpl", negative_queries=f"file:{tmp_path / 'queries.jsonl'}"), store) == []
    assert lines(cells("clpl"), store) == []


def test_the_number_is_exact_where_mining_is_cached(
    cells: Cells, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cell,) = cells("clpl", negative_queries="endpoint:m", augment="endpoint:m")
    data = prepare(cell.suite, "ko", cell.place, store)
    relevant = {doc for docs in data.train.values() for doc in docs}
    assert lines([cell], store)[0] == (f"training queries by endpoint 'm': {len(relevant)} requests, 0 answers cached")
    with serving(answer=lambda prompt: f"what is {digest(prompt)[:8]}?") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        data = augment(cell, data, store)
        assert lines([cell], store)[0].endswith(f": 0 requests, {len(relevant)} answers cached")
        assert "at most 192 requests" in lines([cell], store)[1]
        training = mined(cell, data, store)
        negatives = passages_of(training)
        answered = len(negatives.keys() & relevant)  # by the same server, under the same prompt
        assert lines([cell], store)[1] == (
            f"negative queries by endpoint 'm': {len(negatives) - answered} requests, {answered} answers cached"
        )
        write(cell, training, store)
        assert len(server.prompts) == len(negatives.keys() | relevant)
    assert lines([cell], store)[1].endswith(f": 0 requests, {len(negatives)} answers cached")


def test_the_number_is_unknown_before_the_users_training_rows_are_read() -> None:
    writer = Writer(kind="endpoint", model="m", prompt="{passage}")
    assert str(forecast.Requests(WRITE, writer, most=None, cached=0, exact=False)) == (
        "negative queries by endpoint 'm': number of requests unknown before the training rows are read; "
        "cached answers are not requested again"
    )


def test_an_endpoint_without_a_key_is_rejected_if_it_will_be_asked(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(RequestError, match="OPENAI_API_KEY is not set"):
        forecast.check_access(cells("clpl", negative_queries="endpoint:m"))
    with pytest.raises(RequestError, match="OPENAI_API_KEY is not set"):
        forecast.check_access(cells("mnrl", augment="endpoint:m"))
    forecast.check_access(without_clpl(cells("infonce-random,base,clpl", negative_queries="endpoint:m")))
    forecast.check_access(without_clpl(cells("base,bm25,nli-simcse,clpl", augment="endpoint:m")))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "127.0.0.1:80")
    with pytest.raises(RequestError, match="OPENAI_BASE_URL is not an http"):
        forecast.check_access(cells("clpl", negative_queries="endpoint:m"))


def test_a_local_model_that_does_not_load_is_rejected_before_the_first_cell(cells: Cells, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text("{}")
    with pytest.raises(RequestError, match="writer's model 'model' does not load: "):
        forecast.check_models(cells("clpl", negative_queries=f"model:{tmp_path / 'model'}"))


def test_an_endpoint_where_nothing_listens_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        access = read_access({"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": url})
        check_reachable(access)
    with pytest.raises(
        RequestError, match=r"^endpoint http://127.* cannot be reached: .*; start the server, or correct"
    ):
        check_reachable(access)
