"""Gradient caching: the gradients of the whole batch, one mini-batch of activations at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.training_probes import Killed, kill_at, log_of, weights

from harness.errors import CellError, RequestError
from harness.execution.preflight import preflight
from harness.machine.store import Store
from harness.stages import gradient_cache
from harness.stages.base_model import base_model
from harness.stages.mini_batches import forward_of, in_mini_batches, mini_batches
from harness.vectors.encoder import open_model
from methods._loss import EmbeddingLoss
from methods.clpl import CLPL, clpl
from methods.infonce import infonce
from methods.moe import MixtureOfExperts
from tests.stages.conftest import Workbench

BATCH, MINI = 512, 32
WORDS = ["강", "산", "물", "불", "바람", "하늘", "땅", "나무", "꽃", "새", "달", "별", "해", "눈", "비", "구름"]


@pytest.fixture
def model(bench: Workbench) -> Any:
    """Return the small base encoder in training, without dropout."""
    opened = open_model(base_model(bench.suite, bench.cell("base", bench.store()).place, bench.store()), "cpu")
    return without_dropout(opened.train())


def without_dropout(model: Any, share: float = 0.0) -> Any:
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share
    return model


def columns(model: Any, count: int, rows: int = BATCH) -> list[dict[str, Any]]:
    """Return the features of columns of texts of one to eight words."""

    def text(column: int, row: int) -> str:
        return " ".join(WORDS[(row * (column + 3) + word * 7) % len(WORDS)] for word in range(1 + row % 8))

    return [model.preprocess([text(column, row) for row in range(rows)]) for column in range(count)]


def gradients(
    model: Any, loss: Any, features: list[dict[str, Any]], labels: Any = None
) -> tuple[float, dict[str, Any]]:
    """Return the loss and the gradient of every parameter that has one."""
    import torch

    model.zero_grad()
    torch.manual_seed(0)
    value = loss([dict(column) for column in features], labels)
    value.backward()
    return float(value.detach()), {
        name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None
    }


def largest_difference(first: dict[str, Any], second: dict[str, Any]) -> float:
    """Return the largest difference between two gradients, as a share of the largest value of the first.

    Of all parameters together: some, such as the keys' bias, have a gradient of 0 to rounding.
    """
    assert first.keys() == second.keys()
    largest = max(float(gradient.abs().max()) for gradient in first.values())
    return max(float((first[name] - second[name]).abs().max()) for name in first) / largest


def mnrl(model: Any) -> Any:
    return EmbeddingLoss(model, lambda embeddings, mask: infonce(embeddings, 0.05, True, mask))


def judged(model: Any) -> Any:
    """Return MNRL that leaves out the passages of rows with an equal label."""

    def mask(labels: Any) -> Any:
        import torch

        return (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)

    return EmbeddingLoss(model, lambda embeddings, mask: infonce(embeddings, 0.05, True, mask), mask)


def penalised(model: Any) -> Any:
    settings = CLPL(negatives=1)
    return EmbeddingLoss(model, lambda embeddings, mask: clpl(embeddings, settings, mask))


def matryoshka(model: Any) -> Any:
    from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss

    return MatryoshkaLoss(model, mnrl(model), [32, 16, 8])


def library(name: str) -> Callable[[Any], Any]:
    def make(model: Any) -> Any:
        from sentence_transformers.sentence_transformer import losses

        return getattr(losses, name)(model)

    return make


LOSSES: dict[str, tuple[Callable[[Any], Any], int, str]] = {  # loss, columns, labels
    "mnrl": (mnrl, 2, ""),
    "mnrl with judgments": (judged, 2, "classes"),
    "clpl": (penalised, 4, ""),
    "matryoshka": (matryoshka, 2, ""),
    "MultipleNegativesRankingLoss": (library("MultipleNegativesRankingLoss"), 3, ""),
    "MultipleNegativesSymmetricRankingLoss": (library("MultipleNegativesSymmetricRankingLoss"), 2, ""),
    "CoSENTLoss": (library("CoSENTLoss"), 2, "scores"),
    "CosineSimilarityLoss": (library("CosineSimilarityLoss"), 2, "scores"),
    "TripletLoss": (library("TripletLoss"), 3, ""),
    "MarginMSELoss": (library("MarginMSELoss"), 3, "scores"),
}


def labels_of(kind: str) -> Any:
    import torch

    rows = torch.arange(96)
    return {"": None, "classes": rows % 40, "scores": (rows % 11).double() / 10}[kind]


def test_gradients_of_512_rows_agree_with_those_of_mini_batches_of_32(model: Any) -> None:
    features = columns(model, 2)
    value, expected = gradients(model, mnrl(model), features)
    cached_value, found = gradients(model, in_mini_batches(mnrl(model), model, MINI), features)
    assert cached_value == pytest.approx(value, rel=1e-6)
    assert largest_difference(expected, found) < 1e-5


@pytest.mark.parametrize("name", LOSSES)
def test_without_rounding_gradients_are_equal(model: Any, name: str) -> None:
    """In double precision, where 1e-12 is far above rounding and far below any other difference."""
    make, count, kind = LOSSES[name]
    model.double()
    features, given = columns(model, count, rows=96), labels_of(kind)
    value, expected = gradients(model, make(model), features, given)
    cached_value, found = gradients(model, in_mini_batches(make(model), model, MINI), features, given)
    assert cached_value == pytest.approx(value, rel=1e-12)
    assert largest_difference(expected, found) < 1e-12


def test_a_mini_batch_at_a_time_is_embedded_twice(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    encode = model.forward
    monkeypatch.setattr(model, "forward", lambda part: sizes.append(len(part["input_ids"])) or encode(part))
    gradients(model, in_mini_batches(mnrl(model), model, MINI), columns(model, 2, rows=80))
    assert sizes == [32, 32, 16] * 4


def test_dropout_draws_the_same_masks_in_both_passes(model: Any) -> None:
    """The reference embeds the same mini-batches in the same order, and keeps their activations."""
    import torch

    without_dropout(model, 0.3)
    features = columns(model, 2, rows=96)
    _, found = gradients(model, in_mini_batches(mnrl(model), model, MINI), features)

    encode = model.forward

    def in_parts(column: dict[str, Any]) -> dict[str, Any]:
        parts = [encode(part)["sentence_embedding"] for part in mini_batches(column, MINI)]
        return {"sentence_embedding": torch.cat(parts)}

    with forward_of(model, in_parts):
        _, expected = gradients(model, mnrl(model), features)
    assert largest_difference(expected, found) < 1e-5
    without_dropout(model, 0.0)
    _, other = gradients(model, mnrl(model), features)
    assert largest_difference(expected, other) > 0.1


@pytest.mark.parametrize("change", ["checkpointing", "bfloat16", "moe"])
def test_gradients_agree_under(model: Any, change: str) -> None:
    import torch

    if change == "moe":
        MixtureOfExperts(experts=3, top_k=2).apply(model)
        without_dropout(model)
    features = columns(model, 2, rows=96)
    with torch.autocast("cpu", torch.bfloat16, enabled=change == "bfloat16"):
        _, expected = gradients(model, mnrl(model), features)
        if change == "checkpointing":
            model.gradient_checkpointing_enable({"use_reentrant": False})
        _, found = gradients(model, in_mini_batches(mnrl(model), model, MINI), features)
    assert largest_difference(expected, found) < (0.1 if change == "bfloat16" else 1e-5)


def test_backward_outside_of_autocast_computes_as_inside(model: Any) -> None:
    """As in the trainer, where only the loss is in autocast."""
    import torch

    features = columns(model, 2, rows=96)
    found = []
    for outside in (False, True):
        model.zero_grad()
        loss = in_mini_batches(mnrl(model), model, MINI)
        with torch.autocast("cpu", torch.bfloat16):
            value = loss([dict(column) for column in features])
            if not outside:
                value.backward()
        if outside:
            value.backward()
        found.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    assert largest_difference(*found) == 0


READING = """
from dataclasses import dataclass
from torch import nn
from methods.mnrl import MNRL

class Loss(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, features, labels=None):
        return sum(self.model(column)["token_embeddings"].mean() for column in features)

@dataclass(frozen=True)
class Reading(MNRL):
    def loss(self, model):
        return Loss(model)

PLUGIN = Reading
"""


def refused(make: Callable[[Any], Any], model: Any) -> str:
    return gradient_cache.problem(make(model), model)


def test_losses_that_read_more_than_embeddings_are_refused(model: Any) -> None:
    from sentence_transformers.sentence_transformer import losses

    assert (
        refused(lambda encoder: losses.GISTEmbedLoss(encoder, copy.deepcopy(encoder)), model)
        == "has a model of its own"
    )
    assert refused(library("CachedMultipleNegativesRankingLoss"), model) == "caches gradients by itself"
    assert (
        refused(lambda encoder: losses.AdaptiveLayerLoss(encoder, mnrl(encoder)), model) == "reads the encoder's layers"
    )
    for make, _, _ in LOSSES.values():
        assert refused(make, model) == ""


def test_what_a_loss_reads_besides_embeddings_is_refused_before_a_run_and_fails_a_cell(
    bench: Workbench, plugin_folder: Callable[[str, str], Path]
) -> None:
    store, folder = bench.store(), plugin_folder("reading", READING)
    cell = bench.cell_of("reading", store, 0, folder, mini_batch_size=4)
    message = (
        "reading: train.mini_batch_size needs a loss that reads sentence embeddings alone, and that of reading "
        "reads 'token_embeddings'; leave the setting out, or set it to train.batch_size (8) or more"
    )
    with pytest.raises(RequestError) as refusal:
        preflight([cell], store)
    with pytest.raises(CellError) as failure:
        bench.train(cell, store)
    assert str(refusal.value) == str(failure.value) == message
    followed = bench.cell_of("reading", store, 0, folder, mini_batch_size=8)
    preflight([followed], store)
    bench.train(followed, store)


@pytest.mark.parametrize("name", ["mnrl-matryoshka", "mnrl-nli", "clpl-moe"])
def test_a_training_in_mini_batches_counts_what_the_whole_batch_counts(bench: Workbench, name: str) -> None:
    logs = []
    for size in (None, 4):
        store = bench.store()
        cell = bench.cell(name, store, batch_size=24, dropout=0.0, mini_batch_size=size, gradient_accumulation=2)
        logs.append(log_of(bench.train(cell, store)))
    plain, cached = logs
    assert cached["losses"] == pytest.approx(plain["losses"], rel=1e-4)
    assert {**cached, "losses": 0} == {**plain, "losses": 0}


def test_mini_batches_as_large_as_the_batch_change_no_bit(bench: Workbench) -> None:
    results = []
    for size in (None, 24, 100):
        store = bench.store()
        folder = bench.train(bench.cell("mnrl", store, batch_size=24, mini_batch_size=size), store)
        results.append((weights(folder), log_of(folder)))
    assert results[0] == results[1] == results[2]


def test_a_training_in_mini_batches_is_repeatable_and_resumes_to_the_same_bits(bench: Workbench) -> None:
    settings = {"batch_size": 24, "mini_batch_size": 8, "epochs": 2, "dropout": 0.2}
    whole, killed = bench.store(), bench.store(progress=kill_at(3))
    expected = bench.train(bench.cell("mnrl", whole, **settings), whole)
    cell = bench.cell("mnrl", killed, checkpoint_steps=2, **settings)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    folder = bench.train(cell, Store(killed.root))
    assert weights(folder) == weights(expected)
    assert log_of(folder) == log_of(expected)
