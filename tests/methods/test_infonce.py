"""InfoNCE against its equation in plain Python and float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from methods.infonce import InfoNCE, contrastive_loss, draw_rows, infonce

if TYPE_CHECKING:
    from torch import Tensor

    from harness.types import TrainingData

TEMPERATURE = 0.02


def cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)


def reference(columns: list[Tensor], temperature: float, in_batch: bool) -> float:
    """Return the mean -log softmax of each row's positive, computed in loops over floats."""
    anchors, positives, *negatives = [column.tolist() for column in columns]
    losses = []
    for i, anchor in enumerate(anchors):
        batch = range(len(anchors)) if in_batch else [i]
        candidates = [column[j] for column in (positives, *negatives) for j in batch]
        logits = [cosine(anchor, candidate) / temperature for candidate in candidates]
        largest = max(logits)
        total = largest + math.log(sum(math.exp(logit - largest) for logit in logits))
        losses.append(total - cosine(anchor, positives[i]) / temperature)
    return sum(losses) / len(losses)


def test_one_pair_and_one_negative_is_the_logistic_function(on_circle: Callable[..., Tensor]) -> None:
    loss = infonce([on_circle(0), on_circle(60), on_circle(90)], temperature=0.5, in_batch=False)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1.0)), abs=1e-12)  # cos 60° / 0.5 = 1, cos 90° = 0


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_the_loss_is_the_equation(batch_of_8: list[Tensor], batch: int, negatives: int, in_batch: bool) -> None:
    columns = [column[:batch] for column in batch_of_8[: 2 + negatives]]
    loss = infonce(columns, TEMPERATURE, in_batch).item()
    assert loss == pytest.approx(reference(columns, TEMPERATURE, in_batch), abs=1e-10)


def test_in_batch_and_not_in_batch_differ_at_batch_8_and_agree_at_batch_1(batch_of_8: list[Tensor]) -> None:
    columns = batch_of_8[:4]
    first = [column[:1] for column in columns]
    assert infonce(columns, 0.5, True).item() > infonce(columns, 0.5, False).item() + 0.1
    assert infonce(first, 0.5, True).item() == pytest.approx(infonce(first, 0.5, False).item(), abs=1e-12)


@pytest.mark.parametrize("in_batch", [True, False])
def test_the_gradients_are_those_of_the_equation(batch_of_8: list[Tensor], in_batch: bool) -> None:
    import torch

    columns = batch_of_8[:4]
    anchors, positives, *negatives = [column / column.norm(dim=1, keepdim=True) for column in columns]
    losses = []
    for i in range(8):
        batch = slice(None) if in_batch else slice(i, i + 1)
        candidates = torch.cat([column[batch] for column in (positives, *negatives)])
        total = torch.logsumexp(candidates @ anchors[i] / 0.1, dim=0)
        losses.append(total - anchors[i] @ positives[i] / 0.1)
    expected = torch.autograd.grad(torch.stack(losses).mean(), columns)
    gradients = torch.autograd.grad(infonce(columns, 0.1, in_batch), columns)
    torch.testing.assert_close(gradients, expected, atol=1e-10, rtol=0)
    assert all(float(gradient.abs().max()) > 1e-3 for gradient in gradients)


def test_with_in_batch_negatives_it_is_the_ranking_loss_of_sentence_transformers(batch_of_8: list[Tensor]) -> None:
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    columns = batch_of_8[:4]
    library: Any = MultipleNegativesRankingLoss(torch.nn.Identity(), scale=50.0)  # type: ignore[arg-type]
    expected = library.compute_loss_from_embeddings(columns, None)
    loss = infonce(columns, 0.02, in_batch=True)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-10)
    gradients, expected_gradients = (torch.autograd.grad(value, columns) for value in (loss, expected))
    torch.testing.assert_close(gradients, expected_gradients, atol=1e-9, rtol=0)


def test_infonce_normalises_vectors_and_contrastive_loss_does_not(on_circle: Callable[..., Tensor]) -> None:
    anchors, positives, negatives = on_circle(0, 90), on_circle(20, 120), on_circle(50, 140)
    longer = [anchors * 3, positives * 7, negatives / 5]
    scaled, plain = infonce(longer, 0.1, True).item(), infonce([anchors, positives, negatives], 0.1, True).item()
    assert scaled == pytest.approx(plain, abs=1e-12)
    unnormalised = contrastive_loss(anchors * 3, positives, [negatives], 0.1, True).item()
    assert abs(unnormalised - plain) > 0.1


def test_each_row_has_distinct_mined_negatives_of_its_query(training_data: Callable[..., TrainingData]) -> None:
    data = training_data()
    rows = draw_rows(data, 4)
    assert [(query, doc) for query, doc, _ in rows] == [
        ("q0", "d0"),
        ("q1", "d1"),
        ("q2", "d2"),
        ("q2", "d3"),
        ("q3", "d4"),
    ]
    for query, _, negatives in rows:
        assert len(set(negatives)) == 4
        assert set(negatives) <= set(data.negatives[query])


def test_too_few_mined_negatives_repeat(training_data: Callable[..., TrainingData]) -> None:
    rows = draw_rows(training_data(), 12)
    assert [len(negatives) for _, _, negatives in rows] == [12] * 5
    assert all(negatives.count(doc) <= 3 for _, _, negatives in rows for doc in negatives)


def test_the_defaults_are_the_published_settings_except_in_batch() -> None:
    assert InfoNCE() == InfoNCE(temperature=0.02, negatives=4, in_batch=True)
