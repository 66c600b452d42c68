"""MNRL: the library's loss with scale 1/temperature."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from methods.mnrl import MNRL

if TYPE_CHECKING:
    from torch import Tensor


def loss_of(method: MNRL) -> Any:
    import torch

    return method.loss(torch.nn.Identity())  # type: ignore[arg-type]


@pytest.mark.parametrize(("temperature", "scale"), [(0.05, 20.0), (0.02, 50.0), (1.0, 1.0)])
def test_the_scale_is_one_over_the_temperature(temperature: float, scale: float) -> None:
    assert loss_of(MNRL(temperature=temperature)).scale == pytest.approx(scale)


def test_the_default_temperature_is_the_librarys_scale_of_20() -> None:
    assert loss_of(MNRL()).scale == pytest.approx(20.0)


def test_every_other_positive_of_the_batch_is_a_negative(batch_of_8: list[Tensor]) -> None:
    anchors, positives = [0, 40, 85, 130, 170, 215, 260, 310], [10, 25, 95, 150, 165, 200, 290, 300]
    losses = []
    for i, anchor in enumerate(anchors):
        logits = [20 * math.cos(math.radians(anchor - positive)) for positive in positives]
        losses.append(math.log(sum(math.exp(logit) for logit in logits)) - logits[i])
    loss = loss_of(MNRL()).compute_loss_from_embeddings(batch_of_8[:2], None)
    assert loss.item() == pytest.approx(sum(losses) / 8, abs=1e-10)
