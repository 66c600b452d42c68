"""Uniformity, alignment and anisotropy of a cell's vectors, before and after training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.stages import geometry_sample, lineage
from harness.stages.encode import encode
from harness.stages.geometry_sample import pairs, passages
from harness.stages.lineage import geometry_key, record_inputs, retrieve_key
from harness.stages.vector_geometry import geometry
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench


def measure(cell: Any, model: Path, data: Any, store: Any) -> dict[str, Any]:
    return geometry(cell, encode(cell, model, data, store), store)


@pytest.fixture(scope="module")
def measured(bench: Workbench) -> dict[str, Any]:
    """Return a trained cell with its data, model and geometry."""
    store = bench.store()
    cell = bench.cell("mnrl", store)
    data, model = bench.data(cell, store), bench.train(cell, store)
    return {"cell": cell, "data": data, "model": model, "store": store, "geometry": measure(cell, model, data, store)}


def encoded(folder: Path, texts: list[str], length: int) -> Any:
    model = open_model(folder, "cpu")
    model.max_seq_length = length
    return model.encode(texts, normalize_embeddings=True, show_progress_bar=False).astype(np.float64)


def test_before_is_measured_on_the_base_and_after_on_the_tuned_model(
    measured: dict[str, Any], base_folder: Path
) -> None:
    cell, data, geometries = measured["cell"], measured["data"], measured["geometry"]
    assert set(geometries) == {"before", "after"}
    for folder, values in ((base_folder, geometries["before"]), (measured["model"], geometries["after"])):
        passage_vectors = encoded(folder, list(data.passages.values()), cell.suite.text.passage_max_length)
        cosines = passage_vectors @ passage_vectors.T
        assert len(data.passages) == 192
        assert values["anisotropy"] == pytest.approx((cosines.sum() - 192) / (192 * 191), abs=1e-5)
        joined = pairs(data)
        left = encoded(folder, [data.queries[query] for query, _ in joined], cell.suite.text.query_max_length)
        right = encoded(folder, [data.passages[doc] for _, doc in joined], cell.suite.text.passage_max_length)
        assert values["alignment"] == pytest.approx(((left - right) ** 2).sum(axis=1).mean(), abs=1e-5)
        assert values["uniformity"] < 0
    assert geometries["before"] != geometries["after"]


def test_the_pairs_are_dev_queries_with_their_relevant_passages(measured: dict[str, Any]) -> None:
    data = measured["data"]
    assert len(pairs(data)) == 256
    assert all(data.dev[query][doc] > 0 for query, doc in pairs(data))


def test_an_untuned_entry_is_measured_once(bench: Workbench, base_folder: Path) -> None:
    store = bench.store()
    cell = bench.cell("base", store)
    geometries = measure(cell, base_folder, bench.data(cell, store), store)
    assert geometries["before"] == geometries["after"]
    assert [run.stage for run in store.runs].count("geometry") == 1


def test_all_entries_and_seeds_share_the_geometry_of_the_base(bench: Workbench) -> None:
    store = bench.store()
    cells = [bench.cell(name, store, seed) for name in ("mnrl", "infonce-random", "base") for seed in (0, 1)]
    assert len({geometry_key(cell) for cell in cells}) == 1
    assert len({retrieve_key(cell) for cell in cells}) == 5  # four trained models, one base


def test_the_sample_is_bounded_repeatable_and_in_the_key(
    measured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, cell = measured["data"], measured["cell"]
    whole = record_inputs(cell)
    assert passages(data) == sorted(data.passages)
    for module in (lineage, geometry_sample):
        monkeypatch.setattr(module, "GEOMETRY_SAMPLE", 20)
    drawn = passages(data)
    assert len(drawn) == 20
    assert drawn == sorted(set(drawn))
    assert set(drawn) < set(data.passages)
    assert (passages(data), len(pairs(data))) == (drawn, 20)
    in_memory = replace(data, passages=dict(data.passages.items()))
    assert passages(in_memory) == drawn
    assert set(record_inputs(cell)).isdisjoint(whole)
    assert len(whole) == 2  # ranking and geometry of the base


def test_a_ranker_has_no_geometry(bench: Workbench) -> None:
    cell = bench.cell("bm25", bench.store())
    assert record_inputs(cell) == [retrieve_key(cell)]


def test_a_single_passage_has_no_geometry(measured: dict[str, Any]) -> None:
    data = measured["data"]
    doc, text = next(iter(data.passages.items()))
    alone = replace(data, passages={doc: text})
    assert measure(measured["cell"], measured["model"], alone, measured["store"]) == {}
