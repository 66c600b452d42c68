"""A learning rate of a suite with a built base, on a pretrained one: a warning, unless the rate was chosen for it."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from support.model_runs import encoder

from harness.execution import plan
from harness.request.cell import Cell
from harness.request.request import Request
from harness.stages.learning_rates import warnings

WORDS = (
    "of suite mini ({family} methods) was chosen for its own base model, which has hidden size 64 and is initialised "
    "at random; it can ruin a pretrained model: add --set train.learning_rate=2e-5"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder(tmp_path_factory.mktemp("models") / "own", seed=1)


def cells(tmp_path: Path, **changes: Any) -> list[Cell]:
    options: dict[str, Any] = {"methods": ("base", "bm25", "mnrl"), "languages": ("ko",), "seeds": (0, 1), **changes}
    return plan.make(Request(**options), tmp_path / "cache").cells


def test_each_rate_of_the_suite_is_one_line(tmp_path: Path, model: Path) -> None:
    planned = cells(tmp_path, methods=("base", "mnrl", "infonce-random", "hard-label"), base_model=str(model))
    ranking, regression = WORDS.format(family="ranking"), WORDS.format(family="regression")
    expected = [f"learning rate 0.001 {ranking}", f"learning rate 0.0005 {regression}"]
    assert warnings(planned) == expected
    assert warnings(pickle.loads(pickle.dumps(planned))) == expected


def test_of_named_models_too(tmp_path: Path, model: Path) -> None:
    assert len(warnings(cells(tmp_path, base_model=f"A={model}"))) == 1


@pytest.mark.parametrize("settings", ["train.learning_rate=1e-3", "train.learning_rate=1e-3,2e-5"])
def test_a_rate_of_the_command_line_was_chosen_for_the_model(tmp_path: Path, model: Path, settings: str) -> None:
    assert warnings(cells(tmp_path, base_model=str(model), settings=(settings,))) == []


def test_not_where_the_suites_own_base_is_used_or_nothing_is_trained(tmp_path: Path, model: Path) -> None:
    assert warnings(cells(tmp_path)) == []
    assert warnings(cells(tmp_path, methods=("base", "bm25"), base_model=str(model))) == []


def test_not_where_the_suites_own_base_is_pretrained(tmp_path: Path, model: Path) -> None:
    assert warnings(cells(tmp_path, suite="wikiqa@e5", base_model=str(model))) == []
    assert len(warnings(cells(tmp_path, suite="wikiqa", base_model=str(model)))) == 1
