"""Training reads texts as encoding does, in float32 whatever the files hold; the model says how it was read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_models import PROMPTS, TEXTS, declare, make_kinds
from support.training_probes import log_of

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Text
from harness.request.suite import Suite
from harness.stages import held_out
from harness.stages.base_override import with_base_model
from harness.stages.model_prompts import with_model_prompts
from harness.stages.text_columns import collator
from harness.stages.train import train
from harness.types import TrainingData
from harness.vectors.encoder import Encoder, Role, open_model
from harness.vectors.token_batches import Budget
from tests.stages.conftest import Workbench

LENGTHS = {"query_max_length": 12, "passage_max_length": 20}
COLUMNS: dict[str, Role] = {
    "anchor": "query",
    "positive": "passage",
    "negative_1": "passage",
    "negative_query_1": "query",
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return make_kinds(tmp_path_factory.mktemp("kinds"))


@pytest.fixture(scope="module")
def training(bench: Workbench) -> TrainingData:
    store = bench.store()
    return bench.training_data(bench.cell("mnrl", store), store)


def train_on(bench: Workbench, folder: Path, training: TrainingData, **settings: Any) -> Path:
    store = bench.store()
    return train(cell_on(bench, folder, store, **settings), training, store)


def on(suite: Suite, folder: Path) -> Suite:
    text = Text.model_validate({"title_join": " ", **LENGTHS})
    return with_model_prompts(with_base_model(suite.model_copy(update={"text": text}), str(folder)), given=True)


def cell_on(bench: Workbench, folder: Path, store: Store, name: str = "mnrl", **training: Any) -> Cell:
    return replace(bench.cell(name, store, **training), suite=on(bench.suite, folder))


@pytest.mark.parametrize("kind", ["mean", "prompts", "prompt-left-out", "router", "default-prompt", "bfloat16"])
def test_training_reads_tokens_routes_and_pooling_as_encoding_does(
    bench: Workbench, kinds: Mapping[str, Path], kind: str
) -> None:
    from datasets import Dataset
    from sentence_transformers.util import batch_to_device

    suite = on(bench.suite, kinds[kind])
    encoder = Encoder(open_model(kinds[kind], "cpu").eval(), suite.text)
    rows = Dataset.from_dict({name: list(TEXTS) for name in COLUMNS})
    batch = collator(encoder.model, {"": [rows]}, suite.text)(list(rows))
    for name, role in COLUMNS.items():
        features = {key.removeprefix(f"{name}_"): value for key, value in batch.items() if key.startswith(f"{name}_")}
        features = {key: value for key, value in features.items() if not key.startswith("query_1_")}
        features = batch_to_device(features, encoder.model.device)
        vectors = encoder.model(features)["sentence_embedding"].detach().numpy()
        if name == "negative_query_1":  # the route and prompt of queries, cut where passages are cut
            text = suite.text.model_copy(update={"query_max_length": 20})
            expected = Encoder(encoder.model, text).encode(TEXTS, role, Budget(len(TEXTS), 10**6))
        else:
            expected = encoder.encode(TEXTS, role, Budget(len(TEXTS), 10**6))
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        assert np.abs(unit - expected).max() < 1e-6, (kind, name)


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_a_half_precision_base_changes_the_same_weights_as_its_float32_copy(
    bench: Workbench, training: TrainingData, kinds: Mapping[str, Path], kind: str, tmp_path: Path
) -> None:
    import torch

    copied = tmp_path / "copy"
    open_model(kinds[kind], "cpu").save_pretrained(str(copied), create_model_card=False)
    assert json.loads((copied / "config.json").read_text())["dtype"] == "float32"
    shares, losses = [], []
    for folder in (kinds[kind], copied):
        before = open_model(folder, "cpu").state_dict()
        trained = train_on(bench, folder, training)
        after = open_model(trained, "cpu").state_dict()
        changed = sum(int((before[name] != after[name]).sum()) for name in before)
        shares.append(changed / sum(tensor.numel() for tensor in before.values()))
        losses.append(log_of(trained)["losses"])
        assert json.loads((trained / "config.json").read_text())["dtype"] == "float32"
        assert {tensor.dtype for tensor in after.values() if tensor.is_floating_point()} == {torch.float32}
    assert abs(shares[0] - shares[1]) < 0.01
    assert losses[0] == losses[1]
    assert shares[0] > 0.05  # the embeddings of tokens that no row has stay as they are


def test_a_trained_model_declares_the_prompts_that_it_was_trained_with(
    bench: Workbench, training: TrainingData, kinds: Mapping[str, Path]
) -> None:
    store = bench.store()
    cell = cell_on(bench, kinds["prompts"], store)
    text = cell.suite.text.model_copy(update={"query_prompt": "word1 ", "passage_prompt": ""})
    stated = replace(cell, suite=cell.suite.model_copy(update={"text": text}))
    folder = train(stated, training, store)
    declared = json.loads((folder / "config_sentence_transformers.json").read_text())
    assert declared["prompts"] == {"query": "word1 ", "document": ""}


@pytest.mark.parametrize("kind", ["router", "dot", "truncated", "prompt-left-out"])
def test_the_best_checkpoint_is_chosen_by_the_librarys_own_similarities(
    bench: Workbench, training: TrainingData, kinds: Mapping[str, Path], kind: str
) -> None:
    folder = train_on(bench, kinds[kind], training, best_of=2, best_holdout=0.25)
    log = log_of(folder)
    model, data = open_model(folder, "cpu"), training.data
    held = held_queries(bench, training)
    model.max_seq_length = LENGTHS["query_max_length"]
    queries = model.encode_query([data.queries[query] for query in held])
    model.max_seq_length = LENGTHS["passage_max_length"]
    ids = sorted(data.training_passages)
    passages = model.encode_document([data.training_passages[doc] for doc in ids])
    ranked = np.argsort(-model.similarity(queries, passages).numpy(), axis=1, kind="stable")[:, :10]
    gains = [
        sum(1 / np.log2(rank + 2) for rank, row in enumerate(rows) if ids[row] in data.train[query])
        / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(data.train[query]))))
        for query, rows in zip(held, ranked.tolist(), strict=True)
    ]
    assert log["best"]["score"] == pytest.approx(np.mean(gains), abs=1e-6)


def held_queries(bench: Workbench, training: TrainingData) -> list[str]:
    cell = bench.cell("mnrl", bench.store(), best_of=2, best_holdout=0.25)
    return list(held_out.split(cell, training)[1])


def test_a_model_without_prompts_of_its_own_declares_none_after_training(
    bench: Workbench, training: TrainingData, kinds: Mapping[str, Path], tmp_path: Path
) -> None:
    plain = shutil.copytree(kinds["mean"], tmp_path / "plain")
    before = (plain / "config_sentence_transformers.json").read_bytes()
    folder = train_on(bench, plain, training)
    assert (folder / "config_sentence_transformers.json").read_bytes() == before
    assert declare(plain, prompts=PROMPTS) == plain
