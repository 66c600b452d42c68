"""LoRA: what its settings reject, and what it says where it cannot be added."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import RequestError
from harness.execution import plan
from harness.request.request import Request
from methods import lora
from methods.lora import LoRA

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

pytest.importorskip("peft")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"r": 0}, "r 0 must be at least 1"),
        ({"alpha": 0}, "alpha 0 must be at least 1"),
        ({"dropout": 1.0}, "dropout 1.0 must be at least 0 and below 1"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        LoRA(**settings)


def test_without_peft_the_plan_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lora, "find_spec", lambda name: None)
    with pytest.raises(RequestError) as error:
        plan.make(Request(methods=("mnrl-lora",), languages=("ko",), seeds=(0,)), tmp_path)
    assert str(error.value).endswith("lora: peft is not installed; pip install 'harness-embeddings[lora]'")


@pytest.mark.parametrize("model_type", ["bert", "distilbert"])
def test_only_the_matrices_are_trained(tiny: Callable[[str], SentenceTransformer], model_type: str) -> None:
    model = tiny(model_type)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    LoRA(r=2).apply(model)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained
    assert all(".lora_A." in name or ".lora_B." in name for name in trained)
    LoRA(r=2).finish(model)
    assert model.state_dict().keys() == before.keys()
    assert all((tensor == before[name]).all() for name, tensor in model.state_dict().items())  # B was 0


def test_an_unknown_target_is_named_with_those_that_exist(tiny: Callable[[str], SentenceTransformer]) -> None:
    problem = LoRA(targets=("q_proj",)).problem(tiny("bert"))
    assert problem == "no linear layer is named 'q_proj'; there are: dense, key, query, value"
