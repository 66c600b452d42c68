"""Supervised SimCSE against the printed equation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from methods.nli_simcse import NliSimCSE

if TYPE_CHECKING:
    from torch import Tensor


def test_the_loss_is_the_printed_equation(batch_of_8: list[Tensor]) -> None:
    import torch

    premise, entailed, contradicted = [column.tolist() for column in batch_of_8[:3]]

    def similarity(left: list[float], right: list[float]) -> float:
        cosine = sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)
        return math.exp(cosine / 0.05)

    losses = [
        -math.log(
            similarity(premise[i], entailed[i])
            / sum(similarity(premise[i], entailed[j]) + similarity(premise[i], contradicted[j]) for j in range(8))
        )
        for i in range(8)
    ]
    loss: Any = NliSimCSE(temperature=0.05).loss(torch.nn.Identity())  # type: ignore[arg-type]
    value = loss.function(batch_of_8[:3], None)
    assert value.item() == pytest.approx(sum(losses) / 8, abs=1e-10)


def test_the_default_temperature_is_that_of_simcse() -> None:
    assert NliSimCSE().temperature == 0.05
