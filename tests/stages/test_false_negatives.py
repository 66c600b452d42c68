"""The filter of false negatives: its formula by hand, and the library's own on a real base."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.stages.base_model import base_model
from harness.stages.false_negatives import ceilings, without_false_negatives
from harness.stages.lineage import mine_key, train_key
from harness.stages.mine import nearest
from harness.stages.model_vectors import ModelVectors
from harness.types import Data
from harness.vectors.embedding import Vectors
from harness.vectors.encoder import open_model
from tests.stages.conftest import Workbench

MARGIN = 0.05
SIMILARITY = {  # query → passage → similarity
    "q1": {"d0": 0.9, "d1": 1.0, "d2": 0.96, "d3": 0.94, "d4": 0.2},  # at most 0.95
    "q2": {"d0": 0.9, "d1": 1.0, "d2": 0.5, "d3": 0.48, "d4": 0.47},  # d2, the less similar of two, decides: 0.475
    "q3": {"d0": -0.51, "d1": -0.5, "d2": -0.52, "d3": -0.53, "d4": 0.0},  # below a negative one: -0.525
    "q4": {"d0": 0.9, "d1": 0.1, "d2": 0.8, "d3": 0.7, "d4": 0.6},  # nothing is left
}
DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(5)},
    queries={query: f"question {query}" for query in SIMILARITY},
    train={"q1": ("d1",), "q2": ("d1", "d2"), "q3": ("d1",), "q4": ("d1",)},
    dev={},
)


class Table:
    """Vectors whose products are SIMILARITY: a query's is its row, a passage's is a unit vector."""

    def vectors(self, texts: Mapping[str, str], role: str, *, ids: Collection[str] | None = None) -> Vectors:
        names = sorted(texts if ids is None else ids)
        if role == "query":
            rows = [[SIMILARITY[name][doc] for doc in sorted(DATA.passages)] for name in names]
        else:
            rows = [[float(name == doc) for doc in sorted(DATA.passages)] for name in names]
        return Vectors(names, np.array(rows, dtype=np.float32))

    def blocks(
        self, texts: Mapping[str, str], role: str, *, ids: Collection[str] | None = None
    ) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        found = self.vectors(texts, role, ids=ids)
        for row, name in enumerate(found.ids):
            yield [name], found.matrix[row : row + 1]


MINER = cast(ModelVectors, Table())


def test_the_ceiling_is_a_share_below_the_least_similar_relevant_passage() -> None:
    limits = ceilings(DATA, MINER.vectors(DATA.queries, "query"), MINER, MARGIN)
    np.testing.assert_allclose(limits, [0.95, 0.475, -0.525, 0.095], rtol=1e-6)


def test_the_nearest_below_the_ceiling_are_the_negatives() -> None:
    assert nearest(DATA, None, MINER, 2, MARGIN) == {"q1": ["d3", "d0"], "q2": ["d4"], "q3": ["d3"], "q4": []}
    assert nearest(DATA, None, MINER, 2) == {
        **{"q1": ["d2", "d3"], "q2": ["d0", "d3"], "q3": ["d4", "d0"], "q4": ["d0", "d2"]},
    }
    assert nearest(DATA, ["d0", "d1", "d4"], MINER, 2, MARGIN)["q1"] == ["d0", "d4"]


def test_given_negatives_above_the_ceiling_are_left_out_and_the_others_keep_their_order() -> None:
    given = {"q1": ("d4", "d2", "d3"), "q2": ("d0", "d3"), "q3": ()}
    kept = without_false_negatives(DATA, given, MINER.vectors(DATA.queries, "query"), MINER, MARGIN)
    assert kept == {"q1": ["d4", "d3"], "q2": [], "q3": []}


@pytest.mark.parametrize("margin", [0.05, 0.3])
def test_on_a_base_model_the_negatives_are_those_of_the_library(bench: Workbench, margin: float) -> None:
    import datasets
    from sentence_transformers.util import mine_hard_negatives

    store = bench.store()
    cell = bench.cell("infonce-ance-filtered", store)
    cell = replace(cell, entry=cell.entry.model_copy(update={"negative_margin": margin}))
    training = bench.mined(cell, store)
    data = training.data
    assert {len(docs) for docs in data.train.values()} == {1}
    ids = {text: doc for doc, text in data.passages.items()}
    assert len(ids) == len(data.passages)
    queries = {data.queries[query]: query for query in data.train}
    pairs = [(data.queries[query], data.passages[docs[0]]) for query, docs in data.train.items()]
    model = open_model(base_model(bench.suite, cell.place, store), "cpu")
    rows: Any = mine_hard_negatives(
        datasets.Dataset.from_list([{"query": query, "passage": passage} for query, passage in pairs]),
        model,
        corpus=list(data.passages.values()),
        range_max=len(data.passages),
        relative_margin=margin,
        num_negatives=10,
        output_format="triplet",
        output_scores=True,
        verbose=False,
    )
    library: dict[str, list[float]] = {}
    for row in rows:
        library.setdefault(queries[row["query"]], []).append(row["scores"][1])
    passages = model.encode(list(data.passages.values()), normalize_embeddings=True)
    row_of = {doc: i for i, doc in enumerate(data.passages)}
    left = [len(docs) for docs in training.negatives.values()]
    assert 0 < sum(left) < 10 * len(left)
    for query, docs in training.negatives.items():
        vector = model.encode([data.queries[query]], normalize_embeddings=True)[0]
        similarity = [float(vector @ passages[row_of[doc]]) for doc in docs]
        np.testing.assert_allclose(similarity, library.get(query, []), atol=2e-6)  # near ties may be swapped


def test_a_margin_is_in_the_keys_of_the_negatives_and_of_the_training(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("infonce-ance-filtered", store)
    changed = [cell.entry.model_copy(update={"negative_margin": margin}) for margin in (None, 0.05, 0.1)]
    cells = [replace(cell, entry=entry) for entry in changed]
    assert len({mine_key(other) for other in cells}) == len({train_key(other) for other in cells}) == 3
