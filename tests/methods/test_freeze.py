"""Freezing: which parameters keep the weights of the base."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from methods.freeze import Freeze

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Tiny = Callable[[str], "SentenceTransformer"]


@pytest.mark.parametrize("model_type", ["bert", "distilbert", "modernbert"])
@pytest.mark.parametrize(("embeddings", "layers"), [(True, 0), (True, 1), (False, 1)])
def test_a_step_changes_what_is_not_frozen(
    tiny: Tiny, texts: list[str], model_type: str, embeddings: bool, layers: int
) -> None:
    import torch

    model = tiny(model_type)
    Freeze(embeddings, layers).apply(model)
    before = {name: tensor.clone() for name, tensor in model.named_parameters()}
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    model(model.preprocess(texts))["sentence_embedding"].square().sum().backward()
    optimiser.step()
    changed = {name for name, tensor in model.named_parameters() if not torch.equal(tensor, before[name])}
    below = [name for name in changed if "embeddings." in name]
    assert bool(below) == (not embeddings)
    assert bool([name for name in changed if ".0." in name.removeprefix("0.")]) == (layers == 0)
    assert [name for name in changed if ".1." in name]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"layers": -1}, "layers -1 must be at least 0"),
        ({"embeddings": False}, "it freezes nothing; set embeddings to true, or layers to at least 1"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Freeze(**settings)


def test_at_least_one_layer_is_trained(tiny: Tiny) -> None:
    assert Freeze(layers=1).problem(tiny("bert")) == ""
    assert Freeze(layers=2).problem(tiny("bert")) == "the network has 2 layers, so at most 1 can be frozen"
    with pytest.raises(ValueError, match="at most 1 can be frozen"):
        Freeze(layers=2).apply(tiny("bert"))
