"""A trial before the first cell: what cannot be encoded with or trained is rejected, and nothing else changes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import RequestError
from harness.execution import model_trial, plan
from harness.execution.preflight import preflight
from harness.machine.store import Store
from harness.request import suite
from harness.request.cell import Cell, Place
from harness.request.manifest import BuiltBase
from harness.request.request import Request
from harness.stages.base_model import base_model
from harness.stages.objective import Objective

TINY = BuiltBase(
    vocab_size=1500, hidden_size=32, intermediate_size=64, layers=1, attention_heads=2, initialisation_seed=0
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mini = suite.load("mini")
    small = mini.model_copy(update={"languages": {"ko": mini.languages["ko"]}, "base_model": TINY})
    root = tmp_path_factory.mktemp("store")
    return base_model(small, Place(cache=root), Store(root))


def planned(base: Path, cache: Path, *methods: str, **options: Any) -> tuple[list[Cell], Store]:
    request = Request(methods=methods, languages=("ko",), seeds=(0,), base_model=str(base), **options)
    return plan.make(request, cache).cells, Store(cache)


def test_every_bundled_entry_passes_and_the_generators_stay_as_they_were(base: Path, tmp_path: Path) -> None:
    import torch

    tried = []
    with pytest.MonkeyPatch.context() as patch:
        train_on = model_trial._train_on
        patch.setattr(
            model_trial, "_train_on", lambda cell, *rest: (tried.append(cell.entry.name), train_on(cell, *rest))
        )
        states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        preflight(*planned(base, tmp_path, "all"))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == states
    assert (
        len(tried) == 11
    )  # infonce-random and infonce-ance differ in nothing that is tried; base and bm25 do not train
    assert tried[0] in ("clpl", "mnrl", "infonce-random", "nli-simcse", "soft-1", "soft-2", "soft-3", "hard-label")


def test_a_trial_trains_on_a_few_rows_of_every_objective(base: Path, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        count = Objective._count

        def counted(self: Objective, name: str, *arguments: Any) -> None:
            count(self, name, *arguments)
            seen[name] = self.seen[name]

        patch.setattr(Objective, "_count", counted)
        preflight(*planned(base, tmp_path, "clpl", "mnrl-nli", "soft-3"))
    assert seen == {"clpl": 2, "mnrl": 2, "nli_simcse": 2, "soft_labels": 2}


def test_a_model_with_nan_in_its_weights_is_rejected_before_the_first_cell(base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    broken = tmp_path / "broken"
    shutil.copytree(base, broken)
    weights = load_file(str(broken / "model.safetensors"))
    weights["encoder.layer.0.output.dense.weight"][0, 0] = float("nan")
    save_file(weights, str(broken / "model.safetensors"), metadata={"format": "pt"})
    with pytest.raises(RequestError, match=r"base model .*broken gives NaN or infinite vectors; use another model"):
        preflight(*planned(broken, tmp_path / "cache", "base"))


def test_a_method_that_fails_on_the_model_is_rejected_with_its_name(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from methods._loss import EmbeddingLoss

    def fail(self: Any, *_: Any) -> None:
        raise RuntimeError("no\nroom")

    monkeypatch.setattr(EmbeddingLoss, "forward", fail)
    cells, store = planned(base, tmp_path, "base", "nli-simcse")
    with pytest.raises(
        RequestError, match=r"nli-simcse cannot be trained on base model .*: no room; leave the entry out"
    ):
        preflight(cells, store)


def test_a_method_that_makes_no_row_of_two_queries_is_left_to_its_cell(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_trial, "_few", lambda cell, data: None)
    preflight(*planned(base, tmp_path, "mnrl"))  # raises no error
