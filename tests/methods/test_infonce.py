"""InfoNCE against its equation, written out in plain Python and float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from methods.infonce import InfoNCE, contrast, infonce, rows

if TYPE_CHECKING:
    from torch import Tensor

    from harness.types import TrainingData

TEMPERATURE = 0.02


def cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)


def reference(columns: list[Tensor], temperature: float, in_batch: bool) -> float:
    """Return the mean of -log softmax of each row's positive, by loops over plain numbers."""
    anchors, positives, *negatives = [column.tolist() for column in columns]
    losses = []
    for i, anchor in enumerate(anchors):
        batch = range(len(anchors)) if in_batch else [i]
        candidates = [column[j] for column in (positives, *negatives) for j in batch]
        logits = [cosine(anchor, candidate) / temperature for candidate in candidates]
        most = max(logits)
        total = most + math.log(sum(math.exp(logit - most) for logit in logits))
        losses.append(total - cosine(anchor, positives[i]) / temperature)
    return sum(losses) / len(losses)


def test_one_pair_and_one_negative_is_the_logistic_function(on_circle: Callable[..., Tensor]) -> None:
    loss = infonce([on_circle(0), on_circle(60), on_circle(90)], temperature=0.5, in_batch=False)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1.0)), abs=1e-12)  # cos 60° / 0.5 = 1, cos 90° = 0


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_the_loss_is_the_equation(rows_of_8: list[Tensor], batch: int, negatives: int, in_batch: bool) -> None:
    columns = [column[:batch] for column in rows_of_8[: 2 + negatives]]
    loss = infonce(columns, TEMPERATURE, in_batch).item()
    assert loss == pytest.approx(reference(columns, TEMPERATURE, in_batch), abs=1e-10)


def test_in_batch_and_not_in_batch_differ_at_batch_8_and_agree_at_batch_1(rows_of_8: list[Tensor]) -> None:
    columns = rows_of_8[:4]
    first = [column[:1] for column in columns]
    assert infonce(columns, 0.5, True).item() > infonce(columns, 0.5, False).item() + 0.1
    assert infonce(first, 0.5, True).item() == pytest.approx(infonce(first, 0.5, False).item(), abs=1e-12)


@pytest.mark.parametrize("in_batch", [True, False])
def test_the_gradients_are_those_of_the_equation(rows_of_8: list[Tensor], in_batch: bool) -> None:
    import torch

    columns = rows_of_8[:4]
    anchors, positives, *negatives = [column / column.norm(dim=1, keepdim=True) for column in columns]
    losses = []
    for i in range(8):
        chosen = slice(None) if in_batch else slice(i, i + 1)
        candidates = torch.cat([column[chosen] for column in (positives, *negatives)])
        total = torch.logsumexp(candidates @ anchors[i] / 0.1, dim=0)
        losses.append(total - anchors[i] @ positives[i] / 0.1)
    wanted = torch.autograd.grad(torch.stack(losses).mean(), columns)
    found = torch.autograd.grad(infonce(columns, 0.1, in_batch), columns)
    for one, two in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, two, atol=1e-10, rtol=0)
    assert all(float(gradient.abs().max()) > 1e-3 for gradient in found)


def test_with_in_batch_negatives_it_is_the_ranking_loss_of_sentence_transformers(rows_of_8: list[Tensor]) -> None:
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    columns = rows_of_8[:4]
    library: Any = MultipleNegativesRankingLoss(torch.nn.Identity(), scale=50.0)  # type: ignore[arg-type]
    theirs = library.compute_loss_from_embeddings(columns, None)
    ours = infonce(columns, 0.02, in_batch=True)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-10)
    gradients = zip(torch.autograd.grad(ours, columns), torch.autograd.grad(theirs, columns), strict=True)
    for one, two in gradients:
        torch.testing.assert_close(one, two, atol=1e-9, rtol=0)


def test_contrast_takes_vectors_as_they_are_and_infonce_normalises_them(on_circle: Callable[..., Tensor]) -> None:
    anchors, positives, negatives = on_circle(0, 90), on_circle(20, 120), on_circle(50, 140)
    longer = [anchors * 3, positives * 7, negatives / 5]
    scaled, plain = infonce(longer, 0.1, True).item(), infonce([anchors, positives, negatives], 0.1, True).item()
    assert scaled == pytest.approx(plain, abs=1e-12)
    of_lengths = contrast(anchors * 3, positives, [negatives], 0.1, True).item()
    assert abs(of_lengths - plain) > 0.1


def test_each_row_has_distinct_mined_negatives_of_its_own_query(training_data: Callable[..., TrainingData]) -> None:
    data = training_data()
    drawn = rows(data, 4)
    assert [(query, doc) for query, doc, _ in drawn] == [
        ("q0", "d0"),
        ("q1", "d1"),
        ("q2", "d2"),
        ("q2", "d3"),
        ("q3", "d4"),
    ]
    for query, _, negatives in drawn:
        assert len(set(negatives)) == 4
        assert set(negatives) <= set(data.negatives[query])


def test_where_too_few_were_mined_they_repeat(training_data: Callable[..., TrainingData]) -> None:
    drawn = rows(training_data(), 12)
    assert [len(negatives) for _, _, negatives in drawn] == [12] * 5
    assert all(negatives.count(doc) <= 3 for _, _, negatives in drawn for doc in negatives)


def test_the_published_settings_are_the_defaults_but_for_in_batch() -> None:
    assert InfoNCE() == InfoNCE(temperature=0.02, negatives=4, in_batch=True)
