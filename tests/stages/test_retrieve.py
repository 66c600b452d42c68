"""Encode and retrieve: one pass over the passages, in blocks, that resumes where it was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.data import corpus
from harness.data.corpus_writer import write_corpus
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import base_vectors, retrieve
from harness.stages.base_model import base_model
from harness.stages.encode import Encoded, encode
from harness.stages.geometry_sample import Geometry
from harness.stages.lineage import retrieve_key
from harness.stages.prepare import prepare
from harness.stages.stage_settings import cuts
from harness.types import Data
from harness.vectors import embedding
from harness.vectors.embedding import embed, open_encoder
from harness.vectors.search import cut
from tests.stages.conftest import Workbench


@pytest.fixture
def cell(bench: Workbench) -> Cell:
    return bench.cell("base", bench.store())


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "BATCH", 8)
    monkeypatch.setattr(embedding, "BLOCK", 16)


@pytest.fixture
def tuned(bench: Workbench) -> Cell:
    """A cell whose vectors are not stored; the base stands for its model, so that nothing is trained."""
    return bench.cell("mnrl", bench.store())


def ranked(cell: Cell, data: Data, store: Store, dimension: int | None = None) -> retrieve.TiedRanking:
    model = base_model(cell.suite, cell.place, store)
    return retrieve.retrieve(cell, encode(cell, model, data, store), store, dimension)


def brute_force(cell: Cell, data: Data, store: Store, dimension: int | None) -> dict[str, list[str]]:
    model = open_encoder(base_model(cell.suite, cell.place, store), cell)
    queries = embed(model, {query: data.queries[query] for query in data.dev}, "query", cell, store)
    passages = embed(model, data.passages, "passage", cell, store)
    similarities = cut(queries.matrix, dimension) @ cut(passages.matrix, dimension).T
    best = {}
    for name, row in zip(queries.ids, similarities, strict=True):
        order = np.lexsort((-np.arange(len(row)), -row))[: cell.suite.evaluation.depth]
        best[name] = [passages.ids[i] for i in order]
    return best


@pytest.mark.parametrize("dimension", [None, 16, 8])
def test_a_pass_in_blocks_ranks_as_one_matrix_product_at_every_cut(
    cell: Cell, small_blocks: None, dimension: int | None
) -> None:
    evaluation = cell.suite.evaluation.model_copy(update={"dimensions": (8, 16)})
    cell = replace(cell, suite=cell.suite.model_copy(update={"evaluation": evaluation}))
    store = Store(cell.place.cache)
    data = prepare(cell.suite, cell.language, cell.place, store)
    ranking, _ = ranked(cell, data, store, dimension)
    expected = brute_force(cell, data, store, dimension)
    assert {query: [doc for doc, _ in rows] for query, rows in ranking.items()} == expected


def test_cuts_are_those_of_suite_and_entry_largest_first(cell: Cell) -> None:
    evaluation = cell.suite.evaluation.model_copy(update={"dimensions": (8,)})
    cell = replace(
        cell,
        suite=cell.suite.model_copy(update={"evaluation": evaluation}),
        entry=cell.entry.model_copy(update={"dimensions": (16, 8)}),
    )
    assert cuts(cell) == [16, 8]


def passed(cell: Cell, data: Data, store: Store) -> tuple[retrieve.TiedRanking, Geometry]:
    """Return the ranking and the geometry of one pass."""
    encoded = encode(cell, base_model(cell.suite, cell.place, store), data, store)
    return retrieve.retrieve(cell, encoded, store), retrieve.tuned_geometry(cell, encoded, store)


def stopping(after: int) -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "encode passage" and done >= after:
            raise KeyboardInterrupt

    return progress


def test_a_killed_pass_resumes_from_its_saved_state_to_the_same_ranking(
    tuned: Cell, small_blocks: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(retrieve, "SAVE", 2)
    store = Store(tuned.place.cache)
    data = prepare(tuned.suite, tuned.language, tuned.place, store)
    whole, geometry = passed(tuned, data, Store(tmp_path / "other"))

    with pytest.raises(KeyboardInterrupt):
        ranked(tuned, data, Store(tuned.place.cache, stopping(after=96)))  # blocks of 16: 64 passages are saved
    saved = store.partial(retrieve_key(tuned)) / "ranking.npz"
    with np.load(saved) as arrays:
        assert int(arrays["done"]) == 64

    encoded: list[int] = []

    def heard(stage: str, done: int, total: int) -> None:
        if stage == "encode passage":
            encoded.append(done)

    assert passed(tuned, data, Store(tuned.place.cache, heard)) == (whole, geometry)
    assert geometry["anisotropy"] > 0
    assert encoded[0] == 80  # the first block after the saved ones
    assert not saved.exists()


def test_two_devices_search_to_the_state_and_the_ranking_of_one_also_where_a_pass_was_killed(
    tuned: Cell, small_blocks: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(retrieve, "SAVE", 2)
    shared = replace(tuned, place=replace(tuned.place, encode_devices=("cpu", "cpu")))
    assert retrieve_key(shared) == retrieve_key(tuned)
    data = prepare(tuned.suite, tuned.language, tuned.place, Store(tuned.place.cache))
    assert len(data.passages) > 6 * embedding.BLOCK

    states = []
    for cell, root in ((tuned, tmp_path / "one"), (shared, tmp_path / "two")):
        with pytest.raises(KeyboardInterrupt):
            ranked(cell, data, Store(root, stopping(after=96)))
        with np.load(Store(root).partial(retrieve_key(cell)) / "ranking.npz") as arrays:
            states.append({name: arrays[name].tobytes() for name in arrays})
    assert states[0] == states[1]
    assert passed(shared, data, Store(tmp_path / "two")) == passed(tuned, data, Store(tmp_path / "three"))


def test_passages_that_are_encoded_to_tensors_are_searched_and_resumed_to_the_ranking_of_arrays(
    cell: Cell, small_blocks: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    evaluation = cell.suite.evaluation.model_copy(update={"dimensions": (8,)})
    cell = replace(cell, suite=cell.suite.model_copy(update={"evaluation": evaluation}))
    monkeypatch.setattr(retrieve, "SAVE", 2)
    store = Store(cell.place.cache)
    data = prepare(cell.suite, cell.language, cell.place, store)
    expected = {dimension: brute_force(cell, data, store, dimension) for dimension in (None, 8)}
    arrays = Encoded.passages

    def tensors(encoded: Encoded, start: int = 0) -> Iterator[tuple[int, torch.Tensor]]:
        for first, vectors in arrays(encoded, start):
            yield first, torch.from_numpy(vectors)

    monkeypatch.setattr(Encoded, "passages", tensors)
    with pytest.raises(KeyboardInterrupt):
        ranked(cell, data, Store(cell.place.cache, stopping(after=96)))
    for dimension, best in expected.items():
        ranking, _ = ranked(cell, data, store, dimension)
        assert {query: [doc for doc, _ in rows] for query, rows in ranking.items()} == best
        assert ranking == ranked(cell, data, Store(tmp_path / "other"), dimension)[0]


def test_stored_vectors_rank_as_those_that_are_computed_while_they_are_searched(
    cell: Cell, tuned: Cell, small_blocks: None
) -> None:
    store = Store(cell.place.cache)
    data = prepare(cell.suite, cell.language, cell.place, store)
    stored, streamed = ranked(cell, data, store), ranked(tuned, data, Store(tuned.place.cache))
    assert stored == streamed
    assert [run.stage for run in store.runs if run.stage != "prepare"] == ["encode", "encode", "retrieve"]


def test_vectors_too_large_to_be_stored_rank_as_stored_ones(
    cell: Cell, small_blocks: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored, store = Store(cell.place.cache), Store(tmp_path / "other")
    data = prepare(cell.suite, cell.language, cell.place, stored)
    ranking = ranked(cell, data, stored)
    monkeypatch.setattr(base_vectors, "LARGEST", 1000)
    assert ranked(cell, data, store) == ranking
    assert [run.stage for run in store.runs] == ["retrieve"]
    assert store.runs[0].found == next(run.found for run in stored.runs if run.stage == "retrieve") != {}


def test_nothing_is_encoded_where_the_ranking_is_cached(cell: Cell) -> None:
    store = Store(cell.place.cache)
    data = prepare(cell.suite, cell.language, cell.place, store)
    first = ranked(cell, data, store)
    heard: list[str] = []
    assert ranked(cell, data, Store(cell.place.cache, lambda stage, done, total: heard.append(stage))) == first
    assert heard == []


def test_a_corpus_on_disk_ranks_as_one_in_memory(cell: Cell, tmp_path: Path) -> None:
    from methods.bm25 import BM25

    store = Store(cell.place.cache)
    data = prepare(cell.suite, cell.language, cell.place, store)
    texts = dict(data.passages)
    queries = {query: data.queries[query] for query in data.dev}
    on_disk = write_corpus(tmp_path / "c.arrow", texts.items())
    assert BM25().search(on_disk, queries, 20) == BM25().search(texts, queries, 20)
