"""Losses that leave judged passages out: the pure function, its gradients, and the module around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from harness.request import plugins
from methods.clpl import CLPL, clpl
from methods.infonce import infonce

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

    from harness.types import Method


def test_a_masked_candidate_is_not_in_the_denominator(on_circle: Callable[..., Tensor]) -> None:
    import torch

    anchors, positives = on_circle(0, 90), on_circle(60, 90)
    mask = torch.tensor([[False, True], [False, False]])
    loss = infonce([anchors, positives], 0.5, True, mask)
    second = math.log(1 + math.exp((math.cos(math.radians(30)) - 1) / 0.5))  # the first has its positive alone: loss 0
    assert loss.item() == pytest.approx(second / 2, abs=1e-12)


@pytest.mark.parametrize("in_batch", [True, False])
def test_the_loss_is_that_of_the_candidates_that_are_left(batch_of_8: list[Tensor], in_batch: bool) -> None:
    import torch

    columns = batch_of_8[:4]
    anchors, positives, *negatives = (column / column.norm(dim=1, keepdim=True) for column in columns)
    mask = torch.rand(8, 24 if in_batch else 3, generator=torch.Generator().manual_seed(0)) < 0.3
    losses = []
    for row in range(8):
        rows = slice(None) if in_batch else slice(row, row + 1)
        candidates = torch.cat([column[rows] for column in (positives, *negatives)])
        target = row if in_batch else 0
        mask[row, target] = False
        logits = candidates @ anchors[row] / 0.1
        losses.append(torch.logsumexp(logits[~mask[row]], dim=0) - logits[target])
    expected = torch.stack(losses).mean()
    loss = infonce(columns, 0.1, in_batch, mask)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-12)
    gradients, reference = (torch.autograd.grad(value, columns, retain_graph=True) for value in (loss, expected))
    torch.testing.assert_close(gradients, reference, atol=1e-11, rtol=0)


def test_a_passage_that_is_masked_everywhere_gets_no_gradient(batch_of_8: list[Tensor]) -> None:
    import torch

    columns = batch_of_8[:3]
    mask = torch.zeros(8, 16, dtype=torch.bool)
    mask[:, 8 + 5] = True  # the sixth row's negative
    (gradient,) = torch.autograd.grad(infonce(columns, 0.1, True, mask), columns[2])
    norms = gradient.norm(dim=1).tolist()
    assert norms[5] == 0.0
    assert min(norms[:5] + norms[6:]) > 1e-4


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("objective", ["infonce", "clpl"])
def test_a_mask_without_a_mark_changes_no_bit(batch_of_8: list[Tensor], objective: str, in_batch: bool) -> None:
    import torch

    columns = [column.detach().float().requires_grad_() for column in batch_of_8]
    results = []
    for mask in (None, torch.zeros(8, 24 if in_batch else 3, dtype=torch.bool)):
        if objective == "infonce":
            loss = infonce(columns[:4], 0.02, in_batch, mask)
        else:
            loss = clpl(columns, CLPL(negatives=2, in_batch=in_batch), mask)
        results.append([loss, *torch.autograd.grad(loss, columns[:4])])
    assert all(torch.equal(plain, masked) for plain, masked in zip(*results, strict=True))


def test_the_penalty_is_over_masked_negatives_too(batch_of_8: list[Tensor]) -> None:
    import torch

    mask = torch.ones(8, 24, dtype=torch.bool).fill_diagonal_(False)
    plain, masked = (clpl(batch_of_8, CLPL(negatives=2, penalty_weight=1.0), each) for each in (None, mask))
    assert masked.item() == plain.item()
    assert clpl(batch_of_8, CLPL(negatives=2, penalty_weight=0.0), mask).item() == 0.0  # only positives are left


def features(model: SentenceTransformer, texts: list[str], columns: int) -> list[dict[str, Tensor]]:
    """Return the batch whose column k holds the texts from the k-th on."""
    tokens: Any = model.tokenizer
    rotated = [texts[k:] + texts[:k] for k in range(columns)]
    return [dict(tokens(column, padding=True, return_tensors="pt")) for column in rotated]


@pytest.mark.parametrize(("name", "columns"), [("mnrl", 2), ("nli_simcse", 3)])
def test_where_nothing_is_judged_it_is_the_librarys_loss(
    tiny: Callable[[str], SentenceTransformer], texts: list[str], name: str, columns: int
) -> None:
    import torch
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    model = tiny("bert").eval()
    method: Method = plugins.load(name, {"temperature": 0.05})
    library = MultipleNegativesRankingLoss(model, scale=20.0)
    labels = torch.full((5, columns, 2), -1)
    labels[:, : columns - 1, 0] = torch.arange(5 * (columns - 1)).reshape(5, columns - 1)
    results = []
    for loss in (method.loss(model), library):
        model.zero_grad()
        value = loss(features(model, texts, columns), labels)
        value.backward()
        results.append([value.detach(), *(p.grad.clone() for p in model.parameters() if p.grad is not None)])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("name", "columns"), [("mnrl", 2), ("infonce", 6), ("clpl", 10), ("nli_simcse", 3)])
def test_a_masked_loss_without_judgments_names_the_setting(
    tiny: Callable[[str], SentenceTransformer], texts: list[str], name: str, columns: int
) -> None:
    model = tiny("bert")
    with pytest.raises(ValueError, match="no column 'label' with judgments; set mask_relevant to false"):
        plugins.load(name, {}).loss(model)(features(model, texts, columns), None)
    unmasked = plugins.load(name, {"mask_relevant": False}).loss(model)
    assert math.isfinite(unmasked(features(model, texts, columns), None).item())
    assert unmasked.masked_pairs(None) == 0


def test_matryoshka_passes_the_labels_whole_whatever_the_size_of_the_vectors(
    tiny: Callable[[str], SentenceTransformer], texts: list[str]
) -> None:
    """MatryoshkaLoss truncates labels whose last axis is as long as a vector: 32 here."""
    import torch
    from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss

    from methods._judgments import judged_labels

    model = tiny("bert").eval()
    anchors = ["same query"] * 5
    relevant = [("same query", text) for text in [*texts, *(f"other {number}" for number in range(27))]]
    labels = torch.tensor(judged_labels({"anchor": anchors, "positive": texts}, relevant)["label"])
    assert labels.shape == (5, 32, 2)
    loss: Any = plugins.load("mnrl", {}).loss(model)
    wrapped = MatryoshkaLoss(model, loss, [32, 8])
    assert wrapped(features(model, texts, 2), labels).item() == 0.0  # every other passage is relevant
    assert loss.masked_pairs(labels) == 20
