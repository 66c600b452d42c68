"""A loss with parameters of its own trains, and a killed training of it resumes to the same bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.training_probes import Killed, kill_at, log_of, note_steps, weights

from harness.machine.store import Store
from harness.stages.lineage import train_key
from harness.stages.loss_state import FILE
from tests.stages.conftest import Workbench

SOFTMAX = """
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class PLUGIN:
    needs: ClassVar = frozenset()
    family: ClassVar = "ranking"

    def examples(self, data):
        from datasets import Dataset

        pairs = data.pairs()
        return Dataset.from_dict({
            "query": [data.queries[query] for query, _ in pairs],
            "passage": [data.passages[doc] for _, doc in pairs],
            "label": [number % 2 for number in range(len(pairs))],
        })

    def loss(self, model):
        from sentence_transformers.sentence_transformer.losses import SoftmaxLoss

        return SoftmaxLoss(model, model.get_embedding_dimension(), num_labels=2)
"""
Write = Callable[[str, str], Path]


@pytest.mark.parametrize("lost", [False, True], ids=["its state stored", "its state lost"])
def test_a_killed_training_with_a_classifier_resumes_to_the_same_bits(
    bench: Workbench, plugin_folder: Write, lost: bool
) -> None:
    folder, whole = plugin_folder("softmax", SOFTMAX), bench.store()
    expected = bench.train(bench.cell_of("softmax", whole, 0, folder, epochs=2), whole)
    killed = bench.store(progress=kill_at(9))  # of 12 steps
    cell = bench.cell_of("softmax", killed, 0, folder, epochs=2, checkpoint_steps=4)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    stored = killed.partial(train_key(cell)) / "checkpoint-8" / FILE
    if lost:  # killed after the trainer's files were written and before ours
        stored.unlink()
    steps: list[int] = []
    resumed = bench.train(cell, Store(killed.root, note_steps(steps)))
    assert steps == list(range(5 if lost else 9, 13))
    assert weights(resumed) == weights(expected)
    assert log_of(resumed)["losses"] == log_of(expected)["losses"]


def test_only_what_a_step_has_changed_is_stored_with_a_checkpoint(bench: Workbench, plugin_folder: Write) -> None:
    from safetensors.torch import load_file

    frozen = SOFTMAX.replace(
        "        return SoftmaxLoss(model, model.get_embedding_dimension(), num_labels=2)",
        "        loss = SoftmaxLoss(model, model.get_embedding_dimension(), num_labels=2)\n"
        "        loss.guide = __import__('torch').nn.Linear(2, 2)\n"
        "        return loss",
    )
    store = bench.store(progress=kill_at(5))
    cell = bench.cell_of("softmax", store, 0, plugin_folder("softmax", frozen), checkpoint_steps=4)
    with pytest.raises(Killed):
        bench.train(cell, store)
    (stored,) = store.partial(train_key(cell)).rglob(FILE)
    assert set(load_file(stored)) == {"softmax.classifier.weight", "softmax.classifier.bias"}


def test_a_loss_without_parameters_stores_nothing(bench: Workbench) -> None:
    store = bench.store(progress=kill_at(5))
    cell = bench.cell("mnrl", store, checkpoint_steps=4)
    with pytest.raises(Killed):
        bench.train(cell, store)
    assert not list(store.partial(train_key(cell)).rglob(FILE))
