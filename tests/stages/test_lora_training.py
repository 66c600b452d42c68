"""LoRA: trained beside frozen weights, merged into the saved model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.training_probes import Killed, Recording, kill_at, log_of, weights

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.base_model import base_model
from harness.stages.train import train
from tests.stages.conftest import Workbench

pytest.importorskip("peft")
LINEAR = [
    *(f"attention.self.{name}" for name in ("query", "key", "value")),
    *("attention.output.dense", "intermediate.dense", "output.dense"),
]


def tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def with_settings(cell: Cell, **settings: Any) -> Cell:
    return replace(cell, entry=cell.entry.model_copy(update={"settings": {"lora": settings}}))


def changed_weights(cell: Cell, folder: Path, store: Store) -> set[str]:
    import torch

    before, after = tensors(base_model(cell.suite, cell.place, store)), tensors(folder)
    assert before.keys() == after.keys()
    assert {tensor.dtype for tensor in after.values()} == {torch.float32}
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize(("targets", "layers"), [((), LINEAR), (("query", "value"), [LINEAR[0], LINEAR[2]])])
def test_the_saved_model_is_a_plain_one_whose_linear_layers_changed(
    bench: Workbench, targets: tuple[str, ...], layers: list[str]
) -> None:
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    cell = with_settings(bench.cell("mnrl-lora", store), targets=targets)
    folder = bench.train(cell, store)
    assert changed_weights(cell, folder, store) == {f"encoder.layer.0.{layer}.weight" for layer in layers}
    assert not list(folder.rglob("adapter_*"))
    assert np.isfinite(SentenceTransformer(str(folder), device="cpu").encode(["비빔밥", "한글"])).all()


def test_the_saved_model_encodes_as_the_trained_one_did(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    from sentence_transformers import SentenceTransformer

    from methods.lora import LoRA

    texts, unmerged = ["비빔밥은 어디에서", "한글"], []
    finish = LoRA.finish
    monkeypatch.setattr(LoRA, "finish", lambda self, model: unmerged.append(model.encode(texts)) or finish(self, model))
    store = bench.store()
    folder = bench.train(bench.cell("mnrl-lora", store), store)
    merged = SentenceTransformer(str(folder), device="cpu").encode(texts)
    np.testing.assert_allclose(merged, unmerged[0], atol=1e-6)


def test_one_seed_gives_one_model_and_two_give_two(bench: Workbench) -> None:
    store, again = bench.store(), bench.store()
    first, second = (bench.train(bench.cell("mnrl-lora", place), place) for place in (store, again))
    assert weights(first) == weights(second)
    assert weights(first) != weights(bench.train(bench.cell("mnrl-lora", store, seed=1), store))


@pytest.mark.parametrize("training", [{}, {"best_of": 2}], ids=["last", "best"])
def test_a_killed_training_resumes_from_its_checkpoint_to_the_same_bits(
    bench: Workbench, training: dict[str, Any]
) -> None:
    whole, killed = bench.store(), bench.store(progress=kill_at(5))
    expected = bench.train(bench.cell("mnrl-lora", whole, **training), whole)
    cell = bench.cell("mnrl-lora", killed, checkpoint_steps=3, **training)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    folder = bench.train(cell, Store(killed.root))
    assert weights(folder) == weights(expected)
    assert log_of(folder) == log_of(expected)


def test_dropout_of_lora_is_its_own_setting(bench: Workbench, recording: Recording) -> None:
    results = []
    for share in (0.0, 0.5):
        store = bench.store()
        cell = with_settings(bench.cell("mnrl-lora", store, dropout=0.25), dropout=share)
        results.append(weights(bench.train(cell, store)))
    assert results[0] != results[1]
    assert recording.dropout == {0.25}  # of the network


@pytest.mark.parametrize(
    "training", [{"precision": "bfloat16"}, {"gradient_checkpointing": True}, {"mini_batch_size": 4}]
)
def test_lora_trains_with(bench: Workbench, training: dict[str, Any]) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-lora", store, batch_size=24, **training)
    assert len(changed_weights(cell, bench.train(cell, store), store)) == len(LINEAR)


def test_a_network_that_another_adapter_rebuilt_is_refused(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-lora", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"adapters": ("moe", "lora")}))
    with pytest.raises(ValueError, match="no other adapter has rebuilt"):
        train(cell, bench.training_data(cell, store), store)
