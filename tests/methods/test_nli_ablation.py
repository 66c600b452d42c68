"""One side of supervised SimCSE, against the printed equation and against the whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.types import Data, NliTriple, TrainingData
from methods._judgments import relevance_mask
from methods.nli_ablation import NliAblation
from methods.nli_simcse import NliSimCSE

if TYPE_CHECKING:
    from torch import Tensor


def similarity(left: list[float], right: list[float], temperature: float) -> float:
    cosine = sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)
    return math.exp(cosine / temperature)


def value_of(method: Any, columns: list[Tensor]) -> float:
    import torch

    return float(method.loss(torch.nn.Identity()).function(columns, None).item())


def test_entailments_alone_are_drawn_to_their_premise_and_driven_from_the_others(batch_of_8: list[Tensor]) -> None:
    premise, entailed = [column.tolist() for column in batch_of_8[:2]]
    losses = [
        -math.log(
            similarity(premise[i], entailed[i], 0.05) / sum(similarity(premise[i], entailed[j], 0.05) for j in range(8))
        )
        for i in range(8)
    ]
    value = value_of(NliAblation(kept="entailments"), batch_of_8[:2])
    assert value == pytest.approx(sum(losses) / 8, abs=1e-10)


def test_with_contradictions_alone_the_premise_is_its_own_positive(batch_of_8: list[Tensor]) -> None:
    premise, contradicted = [column.tolist() for column in (batch_of_8[0], batch_of_8[2])]
    losses = [
        1 / 0.5
        - math.log(
            sum(
                kept
                for j in range(8)
                for kept in (similarity(premise[i], premise[j], 0.5), similarity(premise[i], contradicted[j], 0.5))
            )
        )
        for i in range(8)
    ]
    columns = [batch_of_8[0], batch_of_8[0], batch_of_8[2]]
    value = value_of(NliAblation(kept="contradictions", temperature=0.5), columns)
    assert value == pytest.approx(-sum(losses) / 8, abs=1e-10)


def test_without_dropout_contradictions_alone_draw_nothing_together(on_circle: Callable[..., Tensor]) -> None:
    import torch

    premise, contradicted = on_circle(0, 90), on_circle(40, 130)
    method: Any = NliAblation(kept="contradictions", temperature=0.5)
    loss = method.loss(torch.nn.Identity()).function([premise, premise, contradicted], None)
    (gradient,) = torch.autograd.grad(loss, contradicted)
    step = contradicted - 0.1 * gradient
    cosine = torch.nn.functional.cosine_similarity
    assert bool((cosine(premise, step) < cosine(premise, contradicted)).all())


def test_the_rows_hold_what_is_kept(training_data: Callable[..., TrainingData]) -> None:
    entailments = NliAblation().examples(training_data()).remove_columns("label").to_list()
    contradictions = NliAblation(kept="contradictions").examples(training_data()).remove_columns("label").to_list()
    assert entailments == [{"anchor": "p1", "positive": "e1"}, {"anchor": "p2", "positive": "e2"}]
    assert contradictions == [
        {"anchor": "p1", "positive": "p1", "negative": "c1"},
        {"anchor": "p2", "positive": "p2", "negative": "c2"},
    ]


def test_a_premise_that_stands_in_two_rows_is_not_its_own_negative(training_data: Callable[..., TrainingData]) -> None:
    import torch

    data: Data = training_data().data
    twice = replace(data, nli=(NliTriple("p", "e1", "c1"), NliTriple("p", "e2", "c2"), NliTriple("q", "e3", "c3")))
    labels = NliAblation(kept="contradictions").examples(replace(training_data(), data=twice))["label"]
    mask = relevance_mask(torch.tensor(list(labels)), passages=2, in_batch=True)
    assert [(row, column) for row in range(3) for column in range(6) if mask[row, column]] == [(0, 1), (1, 0)]


def test_together_they_see_what_supervised_simcse_sees(training_data: Callable[..., TrainingData]) -> None:
    whole = NliSimCSE().examples(training_data()).to_list()
    sides = zip(
        NliAblation().examples(training_data()).to_list(),
        NliAblation(kept="contradictions").examples(training_data()).to_list(),
        strict=True,
    )
    for row, (entailed, contradicted) in zip(whole, sides, strict=True):
        assert (row["anchor"], row["positive"]) == (entailed["anchor"], entailed["positive"])
        assert row["negative"] == contradicted["negative"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kept": "neutral"}, "kept 'neutral' is neither of entailments, contradictions"),
        ({"temperature": 0}, "temperature 0 must be greater than 0"),
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NliAblation(**settings)
