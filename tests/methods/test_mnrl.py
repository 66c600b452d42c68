"""MNRL: InfoNCE over the passages of the batch (test_masked_losses.py holds it against the library's loss)."""

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


def test_the_default_temperature_is_the_librarys_scale_of_20() -> None:
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    library = MultipleNegativesRankingLoss(None)  # type: ignore[arg-type]
    assert MNRL().temperature == pytest.approx(library.temperature)


@pytest.mark.parametrize("temperature", [0.02, 0.05, 1.0])
def test_every_other_positive_of_the_batch_is_a_negative(batch_of_8: list[Tensor], temperature: float) -> None:
    anchors, positives = [0, 40, 85, 130, 170, 215, 260, 310], [10, 25, 95, 150, 165, 200, 290, 300]
    losses = []
    for i, anchor in enumerate(anchors):
        logits = [math.cos(math.radians(anchor - positive)) / temperature for positive in positives]
        losses.append(math.log(sum(math.exp(logit) for logit in logits)) - logits[i])
    loss = loss_of(MNRL(temperature=temperature)).function(batch_of_8[:2], None)
    assert loss.item() == pytest.approx(sum(losses) / 8, abs=1e-10)
