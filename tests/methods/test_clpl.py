"""CLPL against its equation and against the published code's."""

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


def test_the_penalty_is_the_mean_over_the_batch_and_the_negatives(rows_of_8: list[Tensor]) -> None:
    import torch

    columns = [torch.nn.functional.normalize(column, dim=1) for column in rows_of_8[2:]]
    differences = [
        *zip([30, 60, 70, 110, 195, 230, 255, 340], [33, 50, 75, 160, 185, 228, 270, 345], strict=True),
        *zip([-20, 80, 100, 175, 140, 250, 240, 320], [-60, 85, 20, 170, 141, 255, 200, 305], strict=True),
    ]
    wanted = sum(1 - math.cos(math.radians(one - two)) for one, two in differences) / 16
    assert penalty(columns[:2], columns[2:]).item() == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("weight", [0.0, 0.1, 0.75, 1.0])
def test_the_loss_is_the_weighted_sum(rows_of_8: list[Tensor], batch: int, in_batch: bool, weight: float) -> None:
    columns = [column[:batch] for column in rows_of_8]
    negatives, queries = columns[2:4], columns[4:]
    cosines = [
        (one @ two / one.norm() / two.norm()).item()
        for k in range(2)
        for one, two in zip(negatives[k], queries[k], strict=True)
    ]
    wanted = (1 - weight) * infonce(columns[:4], 0.02, in_batch).item() + weight * (1 - sum(cosines) / len(cosines))
    settings = CLPL(temperature=0.02, negatives=2, penalty_weight=weight, in_batch=in_batch)
    assert clpl(columns, settings).item() == pytest.approx(wanted, abs=1e-10)


def test_at_weight_0_value_and_gradient_are_those_of_infonce(rows_of_8: list[Tensor]) -> None:
    import torch

    ours = clpl(rows_of_8, CLPL(negatives=2, penalty_weight=0.0))
    control = infonce(rows_of_8[:4], 0.02, in_batch=True)
    assert ours.item() == control.item()
    wanted = torch.autograd.grad(control, rows_of_8[:4])
    found = torch.autograd.grad(ours, rows_of_8)
    for one, two in zip(found[:4], wanted, strict=True):
        torch.testing.assert_close(one, two, atol=1e-12, rtol=0)
    assert all(float(gradient.abs().max()) == 0 for gradient in found[4:])


@pytest.mark.parametrize("batch", [1, 8])
def test_the_gradients_are_those_of_the_equation(rows_of_8: list[Tensor], batch: int) -> None:
    import torch

    columns = [column[:batch] for column in rows_of_8]
    unit = [column / column.norm(dim=1, keepdim=True) for column in columns]
    losses = []
    for i in range(batch):
        logits = torch.cat([unit[1], unit[2], unit[3]]) @ unit[0][i] / 0.02
        losses.append(torch.logsumexp(logits, dim=0) - logits[i])
    penalties = [1 - unit[2 + k][i] @ unit[4 + k][i] for i in range(batch) for k in range(2)]
    wanted = torch.autograd.grad(0.9 * torch.stack(losses).mean() + 0.1 * torch.stack(penalties).mean(), columns)
    found = torch.autograd.grad(clpl(columns, CLPL(negatives=2)), columns)
    for one, two in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, two, atol=1e-10, rtol=0)


def test_without_in_batch_negatives_batch_1_is_the_published_code(rows_of_8: list[Tensor]) -> None:
    import torch

    columns = [column[2:3] for column in rows_of_8]
    query, *rest = [torch.nn.functional.normalize(column, dim=1) for column in columns]
    passages, negative_queries = torch.cat(rest[:3]), torch.cat(rest[3:])  # the published p: positive, negatives
    scores = query @ passages.T / 0.02
    contrastive = -scores.log_softmax(dim=1)[0, 0]
    to_own_query = torch.cosine_similarity(negative_queries, passages[1:])
    published = 0.9 * contrastive + 0.1 * (1 - to_own_query).mean()
    ours = clpl(columns, CLPL(negatives=2, in_batch=False))
    assert ours.item() == pytest.approx(published.item(), abs=1e-12)


def test_the_penalty_alone_pulls_a_negative_towards_its_query(on_circle: Callable[..., Tensor]) -> None:
    import torch

    columns = [on_circle(0), on_circle(10), on_circle(90), on_circle(120)]
    loss = clpl(columns, CLPL(negatives=1, penalty_weight=1.0))
    (gradient,) = torch.autograd.grad(loss, columns[2])
    moved = columns[2] - 0.1 * gradient
    before = torch.cosine_similarity(columns[2], columns[3]).item()
    assert torch.cosine_similarity(moved, columns[3]).item() > before


def test_the_published_settings_are_the_defaults_but_for_in_batch() -> None:
    assert CLPL() == CLPL(temperature=0.02, negatives=4, penalty_weight=0.1, in_batch=True)
