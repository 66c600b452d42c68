"""Vectors are computed once: the base's are stored and shared, a tuned model's are read in one pass."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import pipeline
from harness.data import corpus
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results.record import Record
from harness.stages import base_vectors
from harness.stages.base_model import base_model
from harness.stages.base_vectors import BaseVectors, rows_among
from harness.stages.lineage import retrieve_key, stored_vectors_key
from harness.types import Data
from harness.vectors import embedding
from harness.vectors.embedding import embed, open_encoder, precision_of
from harness.vectors.encoder import Encoder, Prepared
from tests.stages.conftest import Workbench

Calls = Counter[tuple[str | None, str]]  # role and text


@dataclass
class Spy:
    """The texts that each model encoded; a model is known by the sum of its first weights."""

    calls: dict[float, Calls] = field(default_factory=dict)

    def heard(self, encoder: Encoder, texts: list[str], role: str | None) -> None:
        model = float(next(encoder.model.parameters()).detach().double().sum())
        self.calls.setdefault(model, Calls()).update((role, text) for text in texts)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    """Record the texts that any encoder is given."""
    found, vectors = Spy(), Encoder.vectors

    def spied(self: Encoder, prepared: Prepared) -> Any:
        found.heard(self, prepared.texts, prepared.role)
        return vectors(self, prepared)

    monkeypatch.setattr(Encoder, "vectors", spied)
    return found


@pytest.fixture
def cell(bench: Workbench) -> Cell:
    return bench.cell("base", bench.store())


def vectors_of(cell: Cell, store: Store) -> BaseVectors:
    return BaseVectors(cell, store, lambda: base_model(cell.suite, cell.place, store))


def once(data: Data, *queries: str) -> Calls:
    """Return every passage and the queries with these ids, once each."""
    calls = Calls(("passage", text) for text in data.passages.values())
    calls.update(("query", data.queries[query]) for query in queries)
    return calls


def test_a_tuned_model_and_the_base_encode_each_dev_query_and_passage_once(
    bench: Workbench, spy: Spy, tmp_path: Path
) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    pipeline.run(cell, store, tmp_path)
    data = bench.data(cell, store)
    assert list(spy.calls.values()) == [once(data, *data.dev)] * 2


def test_the_base_encodes_nothing_twice_for_its_own_entry_mining_an_expert_and_geometry(
    bench: Workbench, spy: Spy, tmp_path: Path
) -> None:
    store = bench.store()
    names = ("base", "infonce-ance", "soft-1")
    assert "base" in {expert.encoder for expert in bench.suite.experts}
    for name in names:
        pipeline.run(bench.cell(name, store), Store(store.root), tmp_path)
    data = bench.data(bench.cell("base", store), store)
    of_base, *of_tuned = spy.calls.values()
    assert of_base == once(data, *data.dev, *data.train)
    assert of_tuned == [once(data, *data.dev)] * 2


def test_requests_that_train_on_other_queries_share_the_vectors_of_passages_and_dev_queries(
    bench: Workbench, spy: Spy
) -> None:
    store = bench.store()
    for most in (48, 24):
        suite = bench.suite.model_copy(update={"max_train": most})
        cell = Workbench(suite, bench.root, bench.numbers).cell("infonce-ance", store)
        data = bench.data(cell, store)
        vectors = vectors_of(cell, store)
        vectors.vectors(data.passages, "passage")
        vectors.vectors({query: data.queries[query] for query in data.dev}, "query", dev=True)
        vectors.vectors({query: data.queries[query] for query in data.train}, "query")
    (calls,) = spy.calls.values()
    assert {calls[role_and_text] for role_and_text in once(data, *data.dev)} == {1}
    assert {calls["query", data.queries[query]] for query in data.train} == {2}  # half of the 48


def test_stored_rows_are_those_of_vectors_encoded_apart(cell: Cell, bench: Workbench) -> None:
    store = Store(cell.place.cache)
    data = bench.data(cell, store)
    chosen = sorted(data.passages)[5:190:3]
    stored = vectors_of(cell, store).vectors(data.passages, "passage", ids=chosen)
    model = open_encoder(base_model(cell.suite, cell.place, store), cell)
    apart = embed(model, {doc: data.passages[doc] for doc in chosen}, "passage", cell, store)
    assert stored.ids == apart.ids == chosen
    np.testing.assert_allclose(stored.matrix, apart.matrix, atol=1e-6)


def test_a_part_of_a_much_larger_set_is_encoded_alone(cell: Cell, bench: Workbench, spy: Spy) -> None:
    store = Store(cell.place.cache)
    data = bench.data(cell, store)
    assert len(data.passages) == 192 == base_vectors.WHOLE * 24
    ids = sorted(data.passages)
    vectors_of(cell, store).vectors(data.passages, "passage", ids=ids[:23])
    assert sum(spy.calls.popitem()[1].values()) == 23
    vectors_of(cell, store).vectors(data.passages, "passage", ids=ids[:24])
    assert sum(spy.calls.popitem()[1].values()) == 192


def test_rows_are_those_of_the_sorted_ids_in_memory_and_on_disk(cell: Cell, bench: Workbench) -> None:
    data = bench.data(cell, Store(cell.place.cache))
    ids = sorted(data.passages)
    for passages in (data.passages, dict(reversed(list(data.passages.items())))):
        assert rows_among(passages, [ids[7], ids[191], ids[0]]) == [7, 191, 0]
        with pytest.raises(KeyError):
            rows_among(passages, ["absent"])


def test_dev_queries_with_a_precision_of_their_own_are_stored_apart_from_equal_training_queries(cell: Cell) -> None:
    evaluation = cell.suite.evaluation.model_copy(update={"precision": "bfloat16", "query_precision": "float32"})
    mixed = replace(cell, suite=cell.suite.model_copy(update={"evaluation": evaluation}))
    store, texts = Store(cell.place.cache), {"q": "a question", "r": "another one"}
    vectors = vectors_of(mixed, store)
    dev, training = (vectors.vectors(texts, "query", dev=dev).matrix for dev in (True, False))
    assert 1e-5 < np.abs(dev - training).max() < 0.05
    assert [run.found["dtype"] for run in store.runs if run.stage == "encode"] == ["float32", "bfloat16"]


def test_a_killed_encoding_resumes_to_the_same_vectors(
    cell: Cell, bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(corpus, "BATCH", 8)
    monkeypatch.setattr(embedding, "BLOCK", 16)
    data = bench.data(cell, Store(cell.place.cache))
    whole = vectors_of(cell, Store(tmp_path / "other")).vectors(data.passages, "passage")
    done_after: list[int] = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "encode passage" and done:
            done_after.append(done)
            if done_after == [16, 32, 48, 64, 80]:
                raise KeyboardInterrupt

    store = Store(cell.place.cache, progress)
    with pytest.raises(KeyboardInterrupt):
        vectors_of(cell, store).vectors(data.passages, "passage")
    resumed = vectors_of(cell, store).vectors(data.passages, "passage")
    assert done_after[5] == 64  # the last of the four blocks on disk is not trusted
    assert resumed.matrix.tobytes() == whole.matrix.tobytes()
    assert list((store.root / ".partial").iterdir()) == []


def test_a_second_cell_waits_for_vectors_that_another_is_computing_and_shows_their_stage(
    cell: Cell, bench: Workbench, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bench.data(cell, Store(cell.place.cache))
    vectors, computing, waiting = Encoder.vectors, threading.Event(), threading.Event()

    def slow(self: Encoder, *given: Any, **named: Any) -> Any:
        computing.set()
        assert waiting.wait(60)
        return vectors(self, *given, **named)

    monkeypatch.setattr(Encoder, "vectors", slow)
    opened: list[Path] = []
    open_model = base_vectors.BaseVectors.model
    monkeypatch.setattr(
        base_vectors.BaseVectors,
        "model",
        lambda self, dev=False: (opened.append(self.store.root), open_model(self, dev))[1],
    )
    results: list[Any] = []
    stores = [Store(cell.place.cache), Store(cell.place.cache, lambda *event: (shown.append(event), waiting.set()))]
    shown: list[tuple[str, int, int]] = []

    def read(store: Store) -> None:
        results.append(vectors_of(cell, store).vectors(data.passages, "passage").matrix.tobytes())

    threads = [threading.Thread(target=read, args=[store]) for store in stores]
    threads[0].start()
    assert computing.wait(60)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert shown == [("encode passage", 0, 192)]
    assert len(opened) == 1  # the one that waited has no model in memory
    assert results[0] == results[1]
    assert spy.calls.popitem()[1] == once(data)
    assert sorted(run.cached for store in stores for run in store.runs if run.stage == "encode") == [False, True]


@pytest.fixture
def recorded(bench: Workbench, tmp_path: Path) -> tuple[Cell, Record]:
    """A cell of the base, and its record."""
    store = bench.store()
    cell = bench.cell("base", store)
    return cell, pipeline.run(cell, store, tmp_path)


def test_a_record_says_what_was_found_in_the_model_that_made_vectors_which_it_only_reads(
    recorded: tuple[Cell, Record], tmp_path: Path, spy: Spy
) -> None:
    cell, first = recorded
    found = first.provenance["computation"]
    assert (found["encode_dtype"], found["prompts"]) == ("float32", {"query": "", "passage": ""})
    cached = pipeline.run(cell, Store(cell.place.cache), tmp_path)
    assert cached.provenance["computation"] == found
    (ranking,) = [run for run in first.stages if run.stage == "retrieve"]
    folder = Store(cell.place.cache).find("retrieve", retrieve_key(cell))
    assert folder is not None
    (folder / "value.json").unlink()  # searched again, with stored vectors
    again = pipeline.run(cell, Store(cell.place.cache), tmp_path)
    assert [run.cached for run in again.stages if run.stage in ("encode", "retrieve")] == [True, True, False]
    assert again.provenance["computation"] == found
    assert [run.found for run in again.stages if run.stage == "retrieve"] == [ranking.found]
    assert spy.calls == {}


def test_the_key_of_stored_vectors_has_the_texts_the_role_the_precision_and_the_settings(cell: Cell) -> None:
    longer = cell.suite.text.model_copy(update={"passage_max_length": 17})
    other = replace(cell, suite=cell.suite.model_copy(update={"text": longer}))
    precision = precision_of(cell, "passage")
    keys = {
        stored_vectors_key(cell, "a", "query", precision),
        stored_vectors_key(cell, "b", "query", precision),
        stored_vectors_key(cell, "a", "passage", precision),
        stored_vectors_key(cell, "a", "query", "bfloat16"),
        stored_vectors_key(other, "a", "query", precision),
    }
    assert len(keys) == 5
    assert stored_vectors_key(replace(cell, seed=3), "a", "query", precision) in keys
