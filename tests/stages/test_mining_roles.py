"""Negatives are mined with queries read as queries and passages as passages: prompts and routes of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.tiny_models import TEXTS, make_kinds

from harness.request.cell import Cell
from harness.request.manifest import Text
from harness.stages.base_override import with_base_model
from harness.stages.base_vectors import BaseVectors
from harness.stages.mine import mine
from harness.stages.model_prompts import with_model_prompts
from harness.stages.model_vectors import ModelVectors
from harness.types import Data
from tests.stages.conftest import Workbench

LENGTHS = {"query_max_length": 12, "passage_max_length": 20}
DATA = Data(
    language="ko",
    passages={f"d{i}": f"word{i % 17} {text}" for i, text in enumerate(TEXTS * 3)},
    queries={f"q{i}": f"word{(i * 5) % 17} word{(i * 7) % 17}" for i in range(6)},
    train={f"q{i}": (f"d{i}",) for i in range(6)},
    dev={},
)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return make_kinds(tmp_path_factory.mktemp("kinds"))


def mining_cell(bench: Workbench, folder: Path) -> tuple[Cell, Any]:
    """Return a cell that mines 5 passages for each query with the model in a folder, and its store."""
    text = Text.model_validate({"title_join": " ", **LENGTHS})
    mining = bench.suite.mining.model_copy(update={"depth": 5})
    plain = bench.suite.model_copy(update={"text": text, "mining": mining, "negative_queries": None})
    on_model = with_model_prompts(with_base_model(plain, str(folder)), given=True)
    store = bench.store()
    return replace(Workbench(on_model, store.root).cell("infonce-ance", store)), store


def similarities(folder: Path, swapped: bool = False) -> NDArray[np.float64]:
    """Return [queries, passages] by the library's own calls, or with the calls of the two roles swapped."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    calls = (model.encode_document, model.encode_query) if swapped else (model.encode_query, model.encode_document)
    vectors = []
    for call, texts, field in zip(calls, (DATA.queries, DATA.passages), LENGTHS, strict=True):
        model.max_seq_length = LENGTHS[field]
        vectors.append(np.asarray(call([texts[name] for name in sorted(texts)]), dtype=np.float64))
    unit = [matrix / np.linalg.norm(matrix, axis=1, keepdims=True) for matrix in vectors]
    product: NDArray[np.float64] = unit[0] @ unit[1].T
    return product


def nearest(similarity: NDArray[np.float64]) -> dict[str, list[str]]:
    """Return the 5 most similar passages of each query that are not relevant to it."""
    docs = sorted(DATA.passages)
    order = {
        query: np.argsort(-row, kind="stable") for query, row in zip(sorted(DATA.queries), similarity, strict=True)
    }
    return {query: [docs[i] for i in places if docs[i] not in DATA.train[query]][:5] for query, places in order.items()}


@pytest.mark.parametrize("kind", ["prompts", "router"])
@pytest.mark.parametrize("vectors", [BaseVectors, ModelVectors])  # of the untuned base, and of a later round's model
def test_negatives_are_the_nearest_by_the_librarys_encode_query_and_encode_document(
    kind: str, vectors: type[ModelVectors], bench: Workbench, kinds: Mapping[str, Path]
) -> None:
    cell, store = mining_cell(bench, kinds[kind])
    mined = mine(cell, DATA, vectors(cell, store, lambda: kinds[kind]), store).negatives
    similarity = similarities(kinds[kind])
    gaps = -np.diff(-np.sort(-similarity, axis=1), axis=1)
    assert gaps.min() > 1e-6  # no near ties, so that the order is certain
    assert {query: list(docs) for query, docs in mined.items()} == nearest(similarity)
    assert nearest(similarity) != nearest(similarities(kinds[kind], swapped=True))
