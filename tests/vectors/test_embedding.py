"""Encoding: order, length, prompt and norm follow the suite and not a library's defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import CellError
from harness.machine.store import Store
from harness.request import entries, suite
from harness.request.cell import Cell, Place
from harness.request.manifest import BuiltBase
from harness.stages.built_base import build
from harness.stages.encode import encode
from harness.types import Data
from harness.vectors import embedding
from harness.vectors.embedding import embed, settings_of
from harness.vectors.encoder import open_model

TEXTS = {
    f"d{i:02}": " ".join(f"word{(i * step) % 17}" for step in range(1, 4 + i))  # 4 to 23 words, not sorted by length
    for i in (5, 0, 9, 3, 19, 1, 7, 2)
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base")
    settings = BuiltBase(
        vocab_size=120, hidden_size=32, intermediate_size=64, layers=1, attention_heads=2, initialisation_seed=0
    )
    build(list(TEXTS.values()), settings, 32, base)
    return base


@pytest.fixture
def model(folder: Path) -> Any:
    return open_model(folder, "cpu")


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    loaded = suite.load("mini")
    text = loaded.text.model_copy(update={"query_max_length": 8, "passage_max_length": 16})
    (entry,) = entries.resolve(["base"], entries.declared())
    return Cell(loaded.model_copy(update={"text": text}), entry, "ko", 0, Place(tmp_path))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_rows_are_in_ascending_order_of_the_ids(model: Any, cell: Cell, store: Store) -> None:
    passages = embed(model, TEXTS, "passage", cell, store)
    assert passages.ids == ["d00", "d01", "d02", "d03", "d05", "d07", "d09", "d19"]
    alone = embed(model, {"d07": TEXTS["d07"]}, "passage", cell, store)
    assert np.allclose(passages.matrix[passages.ids.index("d07")], alone.matrix[0], atol=1e-6)


def test_vectors_are_float32_of_norm_one(model: Any, cell: Cell, store: Store) -> None:
    matrix = embed(model, TEXTS, "passage", cell, store).matrix
    assert matrix.dtype == np.float32
    assert matrix.shape == (8, 32)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1.0, atol=1e-6)


def test_the_order_of_the_mapping_changes_no_bit(model: Any, cell: Cell, store: Store) -> None:
    forward = embed(model, TEXTS, "passage", cell, store).matrix
    backward = embed(model, dict(reversed(TEXTS.items())), "passage", cell, store).matrix
    assert forward.tobytes() == backward.tobytes()


@pytest.mark.parametrize(("role", "length"), [("query", 8), ("passage", 16)])
def test_each_role_has_its_maximum_length(
    role: embedding.Role, length: int, model: Any, cell: Cell, store: Store
) -> None:
    vectors = embed(model, TEXTS, role, cell, store)
    model.max_seq_length = length
    expected = model.encode([TEXTS[name] for name in vectors.ids], normalize_embeddings=True, batch_size=64)
    assert np.array_equal(vectors.matrix, expected)


def test_queries_and_passages_have_different_maximum_lengths_in_one_model(model: Any, cell: Cell, store: Store) -> None:
    queries = embed(model, TEXTS, "query", cell, store).matrix
    passages = embed(model, TEXTS, "passage", cell, store).matrix
    repeated = embed(model, TEXTS, "query", cell, store).matrix
    assert not np.allclose(queries, passages)
    assert np.array_equal(queries, repeated)


def test_the_prompt_of_the_role_is_put_before_every_text(model: Any, cell: Cell, store: Store) -> None:
    text = cell.suite.text.model_copy(update={"query_prompt": "word3 ", "passage_prompt": "word9 "})
    prompted = replace(cell, suite=cell.suite.model_copy(update={"text": text}))
    cases: list[tuple[embedding.Role, str]] = [("query", "word3 "), ("passage", "word9 ")]
    for role, prompt in cases:
        vectors = embed(model, TEXTS, role, prompted, store)
        by_hand = embed(model, {name: prompt + words for name, words in TEXTS.items()}, role, cell, store)
        assert np.array_equal(vectors.matrix, by_hand.matrix)
        assert not np.array_equal(vectors.matrix, embed(model, TEXTS, role, cell, store).matrix)


def test_the_size_of_a_block_does_not_change_the_rows(
    model: Any, cell: Cell, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = embed(model, TEXTS, "passage", cell, store)
    monkeypatch.setattr(embedding, "BLOCK", 3)
    assert np.allclose(embed(model, TEXTS, "passage", cell, store).matrix, whole.matrix, atol=1e-6)


def test_progress_is_reported_once_per_block(
    model: Any, cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, int, int]] = []
    monkeypatch.setattr(embedding, "BLOCK", 5)
    embed(model, TEXTS, "query", cell, Store(tmp_path, lambda *event: events.append(event)))
    assert [event[1:] for event in events] == [(5, 8), (8, 8)]


def test_no_texts_give_no_rows(model: Any, cell: Cell, store: Store) -> None:
    vectors = embed(model, {}, "query", cell, store)
    assert vectors.ids == []
    assert vectors.matrix.shape == (0, 32)


def test_a_model_that_returns_nan_is_rejected(model: Any, cell: Cell, store: Store) -> None:
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(CellError, match="passage vectors contain NaN or infinity"):
        embed(model, TEXTS, "passage", cell, store)


def test_settings_have_everything_that_changes_a_vector_besides_model_and_text(cell: Cell) -> None:
    settings = settings_of(cell)
    assert settings["text"] == {
        "title_join": " ",
        "query_prompt": "",
        "passage_prompt": "",
        "query_max_length": 8,
        "passage_max_length": 16,
    }
    assert settings["batch"] == (64, 1024)
    assert settings["device"] == "cpu"
    assert settings["precision"] == "float32"
    assert settings["normalize"] is True


def test_dev_queries_may_be_encoded_in_another_precision_than_passages(folder: Path, cell: Cell, store: Store) -> None:
    evaluation = cell.suite.evaluation.model_copy(update={"precision": "bfloat16", "query_precision": "float32"})
    mixed = replace(cell, suite=cell.suite.model_copy(update={"evaluation": evaluation}))
    data = Data("ko", passages=TEXTS, queries=TEXTS, train={}, dev={"d07": {"d07": 1}})
    full, half = embed(open_model(folder, "cpu"), TEXTS, "query", cell, store), encode(mixed, folder, data, store)
    row = full.ids.index("d07")
    assert np.allclose(half.queries.matrix[0], full.matrix[row], atol=1e-6)
    passages = next(vectors for _, vectors in half.passages())
    reference = embed(open_model(folder, "cpu"), TEXTS, "passage", cell, store).matrix
    assert 1e-4 < np.abs(passages - reference).max() < 0.05  # bfloat16 has 8 bits of mantissa
    assert settings_of(mixed)["query_precision"] == "float32"
    assert "query_precision" not in settings_of(cell)
