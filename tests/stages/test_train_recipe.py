"""What a recipe asks of a training beside its loss: lengths, precision, memory, the number of pairs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError
from harness.execution import plan
from harness.request.cell import Cell
from harness.request.request import DeviceName, Request
from harness.stages.train import key_of, train

TEXT = {"query_max_length": 6, "passage_max_length": 40, "train_passage_max_length": 12}


def log_of(folder: Path) -> Any:
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def with_text(cell: Cell, **changes: Any) -> Cell:
    """Return the cell on its suite with other lengths or prompts."""
    text = cell.suite.text.model_copy(update=changes)
    return replace(cell, suite=cell.suite.model_copy(update={"text": text}))


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], Any]]:
    """Write down every batch of a training: column → its tokens, padded, and the tokenizer."""
    from sentence_transformers import SentenceTransformerTrainer

    noted: list[tuple[dict[str, Any], Any]] = []
    compute = SentenceTransformerTrainer.compute_loss

    def compute_loss(self: Any, model: Any, inputs: dict[str, Any], **options: Any) -> Any:
        ids = {name: value.tolist() for name, value in inputs.items() if name.endswith("_input_ids")}
        noted.append(({name.removesuffix("_input_ids"): rows for name, rows in ids.items()}, model.tokenizer))
        return compute(self, model, inputs, **options)

    monkeypatch.setattr(SentenceTransformerTrainer, "compute_loss", compute_loss)
    return noted


@pytest.mark.parametrize("name", ["clpl", "soft-1", "nli-simcse"])
def test_a_columns_tokens_are_those_of_its_texts_cut_at_its_own_length(bench: Any, fed: Any, name: str) -> None:
    store = bench.store()
    cell = with_text(bench.cell(name, store, batch_size=8), query_prompt="? ", **TEXT)
    training = bench.training_data(cell, store)
    train(cell, training, store)
    rows = cell.method.examples(training)
    cut = 0
    for column in (one for one in rows.column_names if one != "label"):
        queries = column == "anchor" or column.startswith("query_")
        texts = [f"? {text}" if queries else text for text in rows[column]]
        tokenizer = fed[0][1]
        whole = tokenizer(texts)["input_ids"]
        wanted = tokenizer(texts, truncation=True, max_length=6 if queries else 12)["input_ids"]
        found = [[token for token in row if token != 1] for batch, _ in fed for row in batch[column]]
        assert sorted(found) == sorted(wanted)
        cut += wanted != whole
    assert cut >= 2  # the test would say nothing of texts that are short


def test_passages_are_cut_as_in_evaluation_where_training_has_no_length_of_its_own(bench: Any, fed: Any) -> None:
    store = bench.store()
    cell = with_text(bench.cell("mnrl", store), **{**TEXT, "train_passage_max_length": None})
    log = log_of(bench.train(cell, store))
    assert log["lengths"] == {"query": 6, "document": 40}
    assert max(len(row) for batch, _ in fed for row in batch["positive"]) == 40


def test_the_saved_model_reads_texts_of_the_evaluations_length(bench: Any) -> None:
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    folder = bench.train(with_text(bench.cell("mnrl", store), **TEXT), store)
    assert SentenceTransformer(str(folder), device="cpu").max_seq_length == 40


def test_another_length_in_training_is_another_model_to_the_store(bench: Any) -> None:
    store = bench.store()
    cell = with_text(bench.cell("mnrl", store), **TEXT)
    assert key_of(with_text(cell, train_passage_max_length=13)) != key_of(cell)
    assert key_of(with_text(cell, query_max_length=7)) != key_of(cell)
    assert key_of(with_text(cell, train_passage_max_length=40)) == key_of(
        with_text(cell, train_passage_max_length=None)
    )


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_bfloat16_trains_on_cpu_to_other_weights_that_are_float32(bench: Any, name: str) -> None:
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


def test_a_training_in_bfloat16_leaves_the_next_one_of_its_process_in_float32(bench: Any) -> None:
    found = []
    for precision in ("float32", "bfloat16", "float32"):
        store = bench.store()
        found.append(weights(bench.train(bench.cell("mnrl", store, batch_size=24, precision=precision), store)))
    assert found[0] == found[2] != found[1]


def test_float16_training_on_cpu_is_refused_in_the_plan_and_the_line_says_what_to_set(tmp_path: Path) -> None:
    half = Request(methods=("base", "mnrl"), languages=("ko",), seeds=(0,), settings=("train.precision=float16",))
    with pytest.raises(RequestError, match=r"^mnrl on suite mini: float16 training needs a GPU .*--set train"):
        plan.make(half, tmp_path)
    assert len(plan.make(replace(half, device=DeviceName.cuda), tmp_path).cells) == 2
    assert len(plan.make(replace(half, methods=("base",)), tmp_path).cells) == 1


@pytest.mark.parametrize("name", ["mnrl", "clpl-moe"])
def test_gradient_checkpointing_changes_no_bit(bench: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaIntermediate

    calls: list[int] = []
    forward = XLMRobertaIntermediate.forward
    monkeypatch.setattr(XLMRobertaIntermediate, "forward", lambda *args: calls.append(1) or forward(*args))
    found, counts = [], []
    for switch in (False, True):
        store = bench.store()  # dropout is on: the second computation draws what the first one drew
        cell = bench.cell(name, store, batch_size=24, gradient_checkpointing=switch)
        training = bench.training_data(cell, store)
        calls.clear()
        folder = train(cell, training, store)
        found.append((weights(folder), log_of(folder)["losses"]))
        counts.append(len(calls))
    assert found[0] == found[1]
    assert counts[1] == 2 * counts[0]  # every layer is computed again for its gradient


def test_at_most_so_many_pairs_are_trained_and_the_smaller_draw_is_in_the_larger(bench: Any) -> None:
    store = bench.store()
    drawn = []
    for most in (10, 20, 1000):
        cell = bench.cell("infonce-ance", store, pairs=most)
        training = bench.training_data(cell, store)
        log = log_of(train(cell, training, store))
        drawn.append(set(training.pairs()))
        assert (log["rows"], log["pairs"]) == (min(most, 48), min(most, 48))
    assert drawn[0] < drawn[1] < drawn[2]


def test_pairs_without_a_mined_negative_make_no_row_and_are_counted(bench: Any) -> None:
    store = bench.store()
    cell = bench.cell("infonce-ance", store)
    training = bench.training_data(cell, store)
    left_out = sorted(training.negatives)[:5]
    short = replace(training, negatives={**training.negatives, **dict.fromkeys(left_out, ())})
    log = log_of(train(cell, short, store))
    assert (log["pairs"], log["pairs_without_negatives"], log["rows"]) == (48, 5, 43)


def test_a_method_that_wants_no_negatives_counts_none_as_missing(bench: Any) -> None:
    store = bench.store()
    log = log_of(bench.train(bench.cell("mnrl", store), store))
    assert log["pairs"] == 48
    assert "pairs_without_negatives" not in log
