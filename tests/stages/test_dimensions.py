"""Vectors cut to fewer dimensions, scored and trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.exact_search import search
from support.training_probes import log_of

from harness import pipeline
from harness.stages.lineage import train_key
from harness.stages.score import score
from harness.vectors.embedding import embed
from harness.vectors.encoder import open_model
from harness.vectors.search import cut
from tests.stages.conftest import Workbench


def test_scores_at_a_dimension_are_those_of_cut_vectors(bench: Workbench, tmp_path: Path) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-matryoshka", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"dimensions": (16, 5)}))
    record = pipeline.run(cell, store, tmp_path)
    data = bench.data(cell, store)
    model = open_model(bench.train(cell, store), "cpu")
    queries = embed(model, {query: data.queries[query] for query in data.dev}, "query", cell, store)
    passages = embed(model, data.passages, "passage", cell, store)
    assert list(record.by_dimension) == ["16", "5"]
    for dimension in (16, 5):
        short = [replace(side, matrix=cut(side.matrix, dimension)) for side in (queries, passages)]
        np.testing.assert_allclose(np.linalg.norm(short[0].matrix, axis=1), 1, atol=1e-6)
        ranking, _ = search(short[0], short[1], 100)
        values = score(ranking, data.dev, ["nDCG@10"])["nDCG@10"].values()
        assert record.by_dimension[str(dimension)]["nDCG@10"] == sum(values) / 256
    assert record.by_dimension["5"]["nDCG@10"] < record.measures["nDCG@10"]


def test_a_suites_dimensions_are_scored_for_every_encoder_and_change_no_training(
    bench: Workbench, tmp_path: Path
) -> None:
    evaluation = bench.suite.evaluation.model_copy(update={"dimensions": (8,)})
    store = bench.store()
    plain = bench.cell("mnrl", store)
    cell = replace(plain, suite=bench.suite.model_copy(update={"evaluation": evaluation}))
    assert train_key(cell) == train_key(plain)
    assert list(pipeline.run(cell, store, tmp_path).by_dimension) == ["8"]
    ranker = replace(bench.cell("bm25", store), suite=cell.suite)
    assert pipeline.run(ranker, store, tmp_path).by_dimension == {}


def test_the_loss_is_the_sum_over_the_dimensions_and_the_full_vectors(bench: Workbench) -> None:
    """The first step's loss, before any weight has moved."""
    store = bench.store()
    plain = bench.cell("mnrl", store, batch_size=48, dropout=0.0)
    cell = bench.cell("mnrl-matryoshka", store, batch_size=48, dropout=0.0)
    unmasked = {"mnrl": {"mask_relevant": False}}  # queries of one batch share passages
    cell = replace(cell, entry=cell.entry.model_copy(update={"dimensions": (16, 4), "settings": unmasked}))
    model = open_model(bench.train(bench.cell("base", store), store), "cpu")
    rows = plain.method.examples(bench.training_data(plain, store))
    anchors, positives = (model.encode(rows[name]).astype(np.float64) for name in ("anchor", "positive"))
    expected = 0.0
    for dimension in (32, 16, 4):
        left, right = (side[:, :dimension] for side in (anchors, positives))
        left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
        similarities = left @ right.T / plain.method.temperature
        expected += float(np.mean(np.log(np.exp(similarities).sum(axis=1)) - np.diag(similarities)))
    assert log_of(bench.train(cell, store))["losses"][0] == pytest.approx(expected, rel=1e-4)
