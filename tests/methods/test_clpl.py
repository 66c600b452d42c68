"""CLPL against its equation and against the published code."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from methods.clpl import CLPL, clpl, penalty
from methods.infonce import infonce

if TYPE_CHECKING:
    from torch import Tensor


def test_the_penalty_is_one_minus_cosine_of_each_negative_and_its_query(on_circle: Callable[..., Tensor]) -> None:
    negatives = [on_circle(0), on_circle(0)]
    queries = [on_circle(60), on_circle(180)]
    assert penalty(negatives, queries).item() == pytest.approx((0.5 + 2.0) / 2, abs=1e-12)


def test_the_penalty_is_the_mean_over_the_batch_and_the_negatives(batch_of_8: list[Tensor]) -> None:
    import torch

    columns = [torch.nn.functional.normalize(column, dim=1) for column in batch_of_8[2:]]
    differences = [
        *zip([30, 60, 70, 110, 195, 230, 255, 340], [33, 50, 75, 160, 185, 228, 270, 345], strict=True),
        *zip([-20, 80, 100, 175, 140, 250, 240, 320], [-60, 85, 20, 170, 141, 255, 200, 305], strict=True),
    ]
    expected = sum(1 - math.cos(math.radians(negative - query)) for negative, query in differences) / 16
    assert penalty(columns[:2], columns[2:]).item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.75, 1.0])
def test_the_loss_is_the_weighted_sum(batch_of_8: list[Tensor], batch: int, in_batch: bool, weight: float) -> None:
    columns = [column[:batch] for column in batch_of_8]
    negatives, queries = columns[2:4], columns[4:]
    cosines = [
        (negative @ query / negative.norm() / query.norm()).item()
        for k in range(2)
        for negative, query in zip(negatives[k], queries[k], strict=True)
    ]
    expected = (1 - weight) * infonce(columns[:4], 0.02, in_batch).item() + weight * (1 - sum(cosines) / len(cosines))
    settings = CLPL(temperature=0.02, negatives=2, penalty_weight=weight, in_batch=in_batch)
    assert clpl(columns, settings).item() == pytest.approx(expected, abs=1e-10)


def test_at_weight_0_value_and_gradients_equal_infonce(batch_of_8: list[Tensor]) -> None:
    import torch

    loss = clpl(batch_of_8, CLPL(negatives=2, penalty_weight=0.0))
    control = infonce(batch_of_8[:4], 0.02, in_batch=True)
    assert loss.item() == control.item()
    expected = torch.autograd.grad(control, batch_of_8[:4])
    gradients = torch.autograd.grad(loss, batch_of_8)
    torch.testing.assert_close(gradients[:4], expected, atol=1e-12, rtol=0)
    assert all(float(gradient.abs().max()) == 0 for gradient in gradients[4:])


@pytest.mark.parametrize("batch", [1, 8])
def test_the_gradients_are_those_of_the_equation(batch_of_8: list[Tensor], batch: int) -> None:
    import torch

    columns = [column[:batch] for column in batch_of_8]
    unit = [column / column.norm(dim=1, keepdim=True) for column in columns]
    losses = []
    for i in range(batch):
        logits = torch.cat([unit[1], unit[2], unit[3]]) @ unit[0][i] / 0.02
        losses.append(torch.logsumexp(logits, dim=0) - logits[i])
    penalties = [1 - unit[2 + k][i] @ unit[4 + k][i] for i in range(batch) for k in range(2)]
    expected = torch.autograd.grad(0.9 * torch.stack(losses).mean() + 0.1 * torch.stack(penalties).mean(), columns)
    gradients = torch.autograd.grad(clpl(columns, CLPL(negatives=2)), columns)
    torch.testing.assert_close(gradients, expected, atol=1e-10, rtol=0)


def test_at_batch_1_without_in_batch_negatives_it_is_the_published_loss(
    batch_of_8: list[Tensor],
) -> None:
    import torch

    columns = [column[2:3] for column in batch_of_8]
    query, *others = [torch.nn.functional.normalize(column, dim=1) for column in columns]
    passages, negative_queries = torch.cat(others[:3]), torch.cat(others[3:])  # positive first
    scores = query @ passages.T / 0.02
    contrastive = -scores.log_softmax(dim=1)[0, 0]
    similarities = torch.cosine_similarity(negative_queries, passages[1:])
    published = 0.9 * contrastive + 0.1 * (1 - similarities).mean()
    loss = clpl(columns, CLPL(negatives=2, in_batch=False))
    assert loss.item() == pytest.approx(published.item(), abs=1e-12)


def test_the_penalty_alone_pulls_a_negative_towards_its_query(on_circle: Callable[..., Tensor]) -> None:
    import torch

    columns = [on_circle(0), on_circle(10), on_circle(90), on_circle(120)]
    loss = clpl(columns, CLPL(negatives=1, penalty_weight=1.0))
    (gradient,) = torch.autograd.grad(loss, columns[2])
    moved = columns[2] - 0.1 * gradient
    before = torch.cosine_similarity(columns[2], columns[3]).item()
    assert torch.cosine_similarity(moved, columns[3]).item() > before


def test_the_defaults_are_the_published_settings_except_in_batch() -> None:
    assert CLPL() == CLPL(temperature=0.02, negatives=4, penalty_weight=0.1, in_batch=True)
