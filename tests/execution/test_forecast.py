"""How often a plan asks its writers, and what is refused before it does."""

from __future__ import annotations

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
from harness.request.manifest import BuiltBase
from harness.request.request import Request
from harness.stages import augment, mine, prepare, write

Cells = Callable[..., list[Cell]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def cells(tmp_path: Path, store: Store) -> Cells:
    """Cells of `mini` in Korean with 12 training queries, on a base encoder that is built at once."""

    def make(methods: str, **given: Any) -> list[Cell]:
        request = Request(
            suite="mini",
            methods=tuple(methods.split(",")),
            languages=("ko",),
            seeds=tuple(given.pop("seeds", [0])),
            max_train=12,
            **given,
        )
        base = BuiltBase(
            vocab_size=600,
            hidden_size=16,
            intermediate_size=16,
            layers=1,
            attention_heads=1,
            initialisation_seed=0,
        )
        made = plan.make(request, store.root)
        small = made.suite.model_copy(update={"base_model": base, "languages": {"ko": made.suite.languages["ko"]}})
        return [Cell(small, cell.entry, "ko", cell.seed, cell.place) for cell in made.cells]

    return make


def said(cells: list[Cell], store: Store) -> list[str]:
    return [str(asked) for asked in forecast.requests(cells, store)]


def test_before_anything_is_read_the_bound_is_queries_times_depth_within_the_pool(cells: Cells, store: Store) -> None:
    asked = cells("clpl", negative_queries="endpoint:m")
    assert said(asked, store) == [
        "negative queries by endpoint 'm': at most 120 requests, answers that are there are not asked for"
    ]
    both = cells("clpl,clpl-moe", negative_queries="endpoint:m", seeds=[0, 1])
    assert said(both, store) == said(asked, store)  # one set of negatives for all of them
    asked = cells("clpl", negative_queries="endpoint:m", augment="endpoint:m")
    assert said(asked, store) == [
        "training queries by endpoint 'm': at most 192 requests, answers that are there are not asked for",
        "negative queries by endpoint 'm': at most 192 requests, answers that are there are not asked for",
    ]


def test_who_asks_nobody_is_not_counted(cells: Cells, store: Store, tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"doc_id": "d1", "queries": ["what?"]}\n')
    assert said(cells("infonce-ance,base", negative_queries="endpoint:m"), store) == []
    assert said(cells("clpl", negative_queries=f"file:{tmp_path / 'queries.jsonl'}"), store) == []
    assert said(cells("clpl"), store) == []


def test_where_mining_is_cached_the_number_is_exact(
    cells: Cells, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cell,) = cells("clpl", negative_queries="endpoint:m", augment="endpoint:m")
    data = prepare.prepare(cell.suite, "ko", cell.place, store)
    relevant = {doc for docs in data.train.values() for doc in docs}
    assert said([cell], store)[0] == (
        f"training queries by endpoint 'm': {len(relevant)} requests, 0 answers are there already"
    )
    with serving(answer=lambda prompt: f"what is {digest(prompt)[:8]}?") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        data = augment.augment(cell, data, store)
        assert said([cell], store)[0].endswith(f": 0 requests, {len(relevant)} answers are there already")
        assert "at most 192 requests" in said([cell], store)[1]
        training = mine.mine(cell, data, store)
        negatives = write.passages_of(training)
        answered = len(negatives.keys() & relevant)  # by the same server, under the same prompt
        assert said([cell], store)[1] == (
            f"negative queries by endpoint 'm': {len(negatives) - answered} requests, "
            f"{answered} answers are there already"
        )
        write.write(cell, training, store)
        assert len(server.prompts) == len(negatives.keys() | relevant)
    assert said([cell], store)[1].endswith(f": 0 requests, {len(negatives)} answers are there already")


def test_an_endpoint_without_a_key_is_refused_unless_everything_is_answered(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(RequestError, match="OPENAI_API_KEY is not set"):
        forecast.check_access(cells("clpl", negative_queries="endpoint:m"))
    with pytest.raises(RequestError, match="OPENAI_API_KEY is not set"):
        forecast.check_access(cells("mnrl", augment="endpoint:m"))
    forecast.check_access(cells("infonce-ance,base", negative_queries="endpoint:m"))
    forecast.check_access(cells("base,bm25,nli-simcse", augment="endpoint:m"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "127.0.0.1:80")
    with pytest.raises(RequestError, match="OPENAI_BASE_URL is no http"):
        forecast.check_access(cells("clpl", negative_queries="endpoint:m"))


def test_a_local_model_that_does_not_load_is_refused_before_the_first_cell(cells: Cells, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text("{}")
    with pytest.raises(RequestError, match="writer's model 'model' does not load: "):
        forecast.check_models(cells("clpl", negative_queries=f"model:{tmp_path / 'model'}"))
