"""LoRA: trained beside frozen weights, merged into the saved model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.training_probes import log_of

from harness.stages.base_model import base_model
from tests.stages.conftest import Workbench

pytest.importorskip("peft")


def tensors(folder: Path) -> dict[str, object]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_the_saved_model_is_a_plain_one_with_other_weights(bench: Workbench) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    cell = bench.cell("mnrl-lora", store)
    folder = bench.train(cell, store)
    before, after = tensors(base_model(cell.suite, cell.place, store)), tensors(folder)
    assert before.keys() == after.keys()
    assert {tensor.dtype for tensor in after.values()} == {torch.float32}
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {
        f"encoder.layer.0.{layer}.weight"
        for layer in (
            *(f"attention.self.{name}" for name in ("query", "key", "value")),
            *("attention.output.dense", "intermediate.dense", "output.dense"),
        )
    }
    assert not list(folder.rglob("adapter_*"))
    vectors = SentenceTransformer(str(folder), device="cpu").encode(["비빔밥", "한글"])
    assert np.isfinite(vectors).all()
    assert log_of(folder)["steps"] == 6
