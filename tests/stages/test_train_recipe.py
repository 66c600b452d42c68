"""What a recipe sets besides the loss: lengths, precision, memory, the number of pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.training_probes import log_of, weights

from harness.errors import RequestError
from harness.execution import plan
from harness.request.cell import Cell
from harness.request.request import DeviceName, Request
from harness.stages.lineage import train_key
from harness.stages.text_columns import role, text_columns
from harness.stages.train import train
from tests.stages.conftest import Workbench

TEXT = {"query_max_length": 6, "passage_max_length": 40, "train_passage_max_length": 12}


def with_text(cell: Cell, **changes: Any) -> Cell:
    """Return the cell with other lengths or prompts in its suite."""
    text = cell.suite.text.model_copy(update=changes)
    return replace(cell, suite=cell.suite.model_copy(update={"text": text}))


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], Any]]:
    """Record every batch of a training: column → its padded tokens, and the tokenizer."""
    from sentence_transformers import SentenceTransformerTrainer

    recorded: list[tuple[dict[str, Any], Any]] = []
    compute = SentenceTransformerTrainer.compute_loss

    def compute_loss(self: Any, model: Any, inputs: dict[str, Any], **options: Any) -> Any:
        ids = {name: value.tolist() for name, value in inputs.items() if name.endswith("_input_ids")}
        recorded.append(({name.removesuffix("_input_ids"): rows for name, rows in ids.items()}, model.tokenizer))
        return compute(self, model, inputs, **options)

    monkeypatch.setattr(SentenceTransformerTrainer, "compute_loss", compute_loss)
    return recorded


@pytest.mark.parametrize("name", ["clpl", "soft-1", "nli-simcse"])
def test_query_and_passage_columns_are_cut_at_their_own_lengths(bench: Workbench, fed: Any, name: str) -> None:
    store = bench.store()
    cell = with_text(bench.cell(name, store, batch_size=8), query_prompt="? ", **TEXT)
    training = bench.training_data(cell, store)
    train(cell, training, store)
    rows = cell.method.examples(training)
    cut = 0
    for column in text_columns(rows):
        texts = [f"? {text}" if role(column) == "query" else text for text in rows[column]]
        tokenizer = fed[0][1]
        whole = tokenizer(texts)["input_ids"]
        expected = tokenizer(texts, truncation=True, max_length=6 if role(column) == "query" else 12)["input_ids"]
        rows_read = [[token for token in row if token != 1] for batch, _ in fed for row in batch[column]]
        assert sorted(rows_read) == sorted(expected)
        cut += expected != whole
    assert cut >= 2  # texts that need no cut would test nothing


def test_without_a_training_length_passages_are_cut_as_in_evaluation(bench: Workbench, fed: Any) -> None:
    store = bench.store()
    cell = with_text(bench.cell("mnrl", store), **{**TEXT, "train_passage_max_length": None})
    log = log_of(bench.train(cell, store))
    assert log["lengths"] == {"query": 6, "document": 40}
    assert max(len(row) for batch, _ in fed for row in batch["positive"]) == 40


def test_the_saved_model_has_the_length_of_evaluation(bench: Workbench) -> None:
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    folder = bench.train(with_text(bench.cell("mnrl", store), **TEXT), store)
    assert SentenceTransformer(str(folder), device="cpu").max_seq_length == 40


def test_training_lengths_are_in_the_key_of_the_model(bench: Workbench) -> None:
    store = bench.store()
    cell = with_text(bench.cell("mnrl", store), **TEXT)
    assert train_key(with_text(cell, train_passage_max_length=13)) != train_key(cell)
    assert train_key(with_text(cell, query_max_length=7)) != train_key(cell)
    assert train_key(with_text(cell, train_passage_max_length=40)) == train_key(
        with_text(cell, train_passage_max_length=None)
    )


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_bfloat16_on_cpu_trains_different_weights_stored_as_float32(bench: Workbench, name: str) -> None:
    import torch
    from safetensors.torch import load_file

    store = bench.store()
    full, half = (
        bench.train(bench.cell(name, store, batch_size=24, precision=precision), store)
        for precision in ("float32", "bfloat16")
    )
    assert {tensor.dtype for tensor in load_file(half / "model.safetensors").values()} == {torch.float32}
    assert weights(full) != weights(half)
    assert log_of(half)["losses"] == pytest.approx(log_of(full)["losses"], rel=0.05)


def test_a_bfloat16_training_does_not_change_the_precision_of_the_next_training(bench: Workbench) -> None:
    trained = []
    for precision in ("float32", "bfloat16", "float32"):
        store = bench.store()
        trained.append(weights(bench.train(bench.cell("mnrl", store, batch_size=24, precision=precision), store)))
    assert trained[0] == trained[2] != trained[1]


def test_float16_training_on_cpu_is_rejected_in_the_plan_with_the_setting_to_use(tmp_path: Path) -> None:
    half = Request(methods=("base", "mnrl"), languages=("ko",), seeds=(0,), settings=("train.precision=float16",))
    with pytest.raises(RequestError, match=r"^mnrl on suite mini: float16 training needs a GPU .*--set train"):
        plan.make(half, tmp_path)
    assert len(plan.make(replace(half, device=DeviceName.cuda), tmp_path).cells) == 2


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_gradient_checkpointing_changes_no_bit(bench: Workbench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaIntermediate

    calls: list[int] = []
    forward = XLMRobertaIntermediate.forward
    monkeypatch.setattr(XLMRobertaIntermediate, "forward", lambda *args: calls.append(1) or forward(*args))
    results, counts = [], []
    for switch in (False, True):
        store = bench.store()  # with dropout: the recomputation must draw the same masks
        cell = bench.cell(name, store, batch_size=24, gradient_checkpointing=switch)
        training = bench.training_data(cell, store)
        calls.clear()
        folder = train(cell, training, store)
        results.append((weights(folder), log_of(folder)["losses"]))
        counts.append(len(calls))
    assert results[0] == results[1]
    assert counts[1] == 2 * counts[0]  # every layer is recomputed for its gradient


def test_the_number_of_pairs_is_bounded_and_a_smaller_draw_is_part_of_a_larger(bench: Workbench) -> None:
    store = bench.store()
    drawn = []
    for most in (10, 20, 1000):
        cell = bench.cell("infonce-ance", store, pairs=most)
        training = bench.training_data(cell, store)
        log = log_of(train(cell, training, store))
        drawn.append(set(training.pairs()))
        assert (log["rows"], log["pairs"]) == (min(most, 48), min(most, 48))
    assert drawn[0] < drawn[1] < drawn[2]


def test_pairs_without_negatives_make_no_row_and_are_counted(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("infonce-ance", store)
    training = bench.training_data(cell, store)
    emptied = sorted(training.negatives)[:5]
    reduced = replace(training, negatives={**training.negatives, **dict.fromkeys(emptied, ())})
    log = log_of(train(cell, reduced, store))
    assert (log["pairs"], log["pairs_without_negatives"], log["rows"]) == (48, 5, 43)


def test_a_method_that_needs_no_negatives_reports_no_missing_ones(bench: Workbench) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell("mnrl", store), store))
    assert log["pairs"] == 48
    assert "pairs_without_negatives" not in log
