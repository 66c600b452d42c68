"""Texts to vectors: order, length, prompt and norm are the suite's, and none is a library's default."""

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
from harness.vectors import embedding
from harness.vectors.embedding import embed, open_model, settings_of

TEXTS = {
    f"d{i:02}": " ".join(f"word{(i * step) % 17}" for step in range(1, 4 + i))  # 4 to 23 words, out of order of length
    for i in (5, 0, 9, 3, 19, 1, 7, 2)
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("base")
    settings = BuiltBase(
        vocab_size=120, hidden_size=32, intermediate_size=64, layers=1, attention_heads=2, initialisation_seed=0
    )
    build(list(TEXTS.values()), settings, 32, made)
    return made


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
    found = embed(model, TEXTS, "passage", cell, store)
    assert found.ids == ["d00", "d01", "d02", "d03", "d05", "d07", "d09", "d19"]
    alone = embed(model, {"d07": TEXTS["d07"]}, "passage", cell, store)
    assert np.allclose(found.matrix[found.ids.index("d07")], alone.matrix[0], atol=1e-6)


def test_vectors_are_float32_of_norm_one(model: Any, cell: Cell, store: Store) -> None:
    matrix = embed(model, TEXTS, "passage", cell, store).matrix
    assert matrix.dtype == np.float32
    assert matrix.shape == (8, 32)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1.0, atol=1e-6)


def test_the_order_of_the_mapping_changes_no_bit(model: Any, cell: Cell, store: Store) -> None:
    turned = dict(reversed(TEXTS.items()))
    one = embed(model, TEXTS, "passage", cell, store).matrix
    two = embed(model, turned, "passage", cell, store).matrix
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize(("role", "length"), [("query", 8), ("passage", 16)])
def test_each_role_is_cut_at_its_own_length(
    role: embedding.Role, length: int, model: Any, cell: Cell, store: Store
) -> None:
    found = embed(model, TEXTS, role, cell, store)
    model.max_seq_length = length
    expected = model.encode([TEXTS[name] for name in found.ids], normalize_embeddings=True, batch_size=64)
    assert np.array_equal(found.matrix, expected)


def test_queries_and_passages_are_cut_at_different_lengths_in_one_model(model: Any, cell: Cell, store: Store) -> None:
    queries = embed(model, TEXTS, "query", cell, store).matrix
    passages = embed(model, TEXTS, "passage", cell, store).matrix
    again = embed(model, TEXTS, "query", cell, store).matrix
    assert not np.allclose(queries, passages)
    assert np.array_equal(queries, again)


def test_the_prompt_of_the_role_stands_before_every_text(model: Any, cell: Cell, store: Store) -> None:
    text = cell.suite.text.model_copy(update={"query_prompt": "word3 ", "passage_prompt": "word9 "})
    prompted = replace(cell, suite=cell.suite.model_copy(update={"text": text}))
    cases: list[tuple[embedding.Role, str]] = [("query", "word3 "), ("passage", "word9 ")]
    for role, prompt in cases:
        found = embed(model, TEXTS, role, prompted, store)
        by_hand = embed(model, {name: prompt + words for name, words in TEXTS.items()}, role, cell, store)
        assert np.array_equal(found.matrix, by_hand.matrix)
        assert not np.array_equal(found.matrix, embed(model, TEXTS, role, cell, store).matrix)


def test_texts_beyond_one_block_keep_their_rows(
    model: Any, cell: Cell, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = embed(model, TEXTS, "passage", cell, store)
    monkeypatch.setattr(embedding, "BLOCK", 3)
    assert np.allclose(embed(model, TEXTS, "passage", cell, store).matrix, whole.matrix, atol=1e-6)


def test_progress_is_told_block_by_block(
    model: Any, cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, int, int]] = []
    monkeypatch.setattr(embedding, "BLOCK", 5)
    embed(model, TEXTS, "query", cell, Store(tmp_path, lambda *event: heard.append(event)))
    assert [event[1:] for event in heard] == [(5, 8), (8, 8)]


def test_no_text_gives_no_row(model: Any, cell: Cell, store: Store) -> None:
    found = embed(model, {}, "query", cell, store)
    assert found.ids == []
    assert found.matrix.shape == (0, 32)


def test_a_model_that_gives_nan_is_refused(model: Any, cell: Cell, store: Store) -> None:
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(CellError, match="passage vectors hold NaN or infinity"):
        embed(model, TEXTS, "passage", cell, store)


def test_settings_name_everything_that_changes_a_vector_beside_model_and_text(cell: Cell) -> None:
    found = settings_of(cell)
    assert found["text"] == {
        "title_join": " ",
        "query_prompt": "",
        "passage_prompt": "",
        "query_max_length": 8,
        "passage_max_length": 16,
    }
    assert found["batch_size"] == 64
    assert found["device"] == "cpu"
    assert found["precision"] == "float32"
    assert found["normalize"] is True
