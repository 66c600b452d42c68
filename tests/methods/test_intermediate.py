"""Only-intermediate training leaves `requires_grad` on for the intermediate layers and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from methods.intermediate import OnlyIntermediate
from methods.moe import MixtureOfExperts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ARCHITECTURES = ["bert", "roberta", "xlm-roberta"]


def trained_parameters(model: SentenceTransformer) -> list[str]:
    names = (name for name, parameter in model.named_parameters() if parameter.requires_grad)
    return sorted(re.sub(r"^.*(?=encoder\.layer)", "", name) for name in names)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_only_intermediate_layers_are_trained(tiny: Callable[[str], SentenceTransformer], architecture: str) -> None:
    model = tiny(architecture)
    OnlyIntermediate().apply(model)
    assert trained_parameters(model) == [
        "encoder.layer.0.intermediate.dense.bias",
        "encoder.layer.0.intermediate.dense.weight",
        "encoder.layer.1.intermediate.dense.bias",
        "encoder.layer.1.intermediate.dense.weight",
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_after_moe_only_experts_and_gates_are_trained(
    tiny: Callable[[str], SentenceTransformer], architecture: str
) -> None:
    model = tiny(architecture)
    MixtureOfExperts(experts=2).apply(model)
    OnlyIntermediate().apply(model)
    assert trained_parameters(model) == [
        f"encoder.layer.{layer}.intermediate.dense.{part}"
        for layer in (0, 1)
        for part in ("experts.0.bias", "experts.0.weight", "experts.1.bias", "experts.1.weight", "gate.weight")
    ]


def test_a_step_changes_only_the_intermediate_layers(
    tiny: Callable[[str], SentenceTransformer], texts: list[str]
) -> None:
    import torch

    model = tiny("xlm-roberta")
    OnlyIntermediate().apply(model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    model(model.preprocess(texts))["sentence_embedding"].square().sum().backward()
    optimiser.step()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {name for name in before if ".intermediate.dense." in name}
    assert len(changed) == 4
