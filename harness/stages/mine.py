"""Mine: negatives for every training query, and the queries that those negatives answer.

ANCE (Xiong et al. 2021, arXiv 2007.00808, with the untuned base as the retriever, mined once): the passages that
the base ranks highest for the query, relevant ones left out; with `mining_rounds`, mined again (training_rows.py).
Random: passages drawn uniformly under the cell's seed.

Both kinds take any passage that training reads, with one exception: where the data hold the negative queries, a method
that reads them (CLPL) and its declared control (`same_rows_as`) mine only from passages that answer a query.

Negatives in the user's own training rows replace ANCE's in the first round; random ones are drawn from these rows'
texts. With `negative_margin`, those that are about as near as a relevant passage are left out (false_negatives.py).
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Any

from harness.keys import derive
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.false_negatives import ceilings, without_false_negatives
from harness.stages.lineage import mine_key
from harness.stages.model_vectors import ModelVectors
from harness.stages.stage_settings import mines_answered_passages
from harness.types import Data, TrainingData
from harness.vectors.embedding import Vectors
from harness.vectors.search import TopK


def mine(cell: Cell, data: Data, miner: ModelVectors, store: Store) -> TrainingData:
    """Return the training data of a cell with its negatives, best first; `miner` has the vectors that mine them."""
    most = cell.training.pairs if cell.method else None
    if cell.entry.negatives is None:
        return TrainingData(data=data, seed=cell.seed, most=most)
    answered = negative_queries(data) if mines_answered_passages(cell) else {}
    margin = cell.entry.negative_margin
    given = cell.entry.negatives == "ance" and cell.entry.mining_rounds == 1 and data.mined  # by the rows' author
    if given and margin is None:
        return TrainingData(data, cell.seed, negatives=data.mined, negative_queries=answered, most=most)
    pool = sorted(answered) if mines_answered_passages(cell) else None  # None: all passages that training reads
    pool_size = len(data.training_passages) if pool is None else len(pool)

    def compute() -> dict[str, Any]:
        if cell.entry.negatives == "random":
            eligible = list(data.training_passages) if pool is None else pool
            negatives = draw(data, eligible, cell.suite.mining.depth, cell.seed)
        elif given and margin is not None:
            negatives = without_false_negatives(data, data.mined, _queries(data, miner), miner, margin)
        else:
            negatives = nearest(data, pool, miner, cell.suite.mining.depth, margin)
        return {"negatives": negatives, "pool_size": None if given else pool_size}

    mined = store.read_json("mine", mine_key(cell), compute)
    return TrainingData(
        data=data,
        seed=cell.seed,
        negatives={query: tuple(docs) for query, docs in mined["negatives"].items()},
        negative_queries=answered,
        most=most,
        pool_size=mined["pool_size"],
    )


def negative_queries(data: Data) -> dict[str, tuple[str, ...]]:
    """Return passage id → the queries it answers that may be trained on; dev queries never may."""
    answered: dict[str, list[str]] = {doc: list(texts) for doc, texts in data.extra_queries.items()}
    for query in sorted(data.train):
        for doc in data.train[query]:
            answered.setdefault(doc, []).append(data.queries[query])
    return {doc: tuple(texts) for doc, texts in answered.items()}


def draw(data: Data, eligible: Sequence[str], depth: int, seed: int) -> dict[str, list[str]]:
    """Return `depth` distinct passages of `eligible` (ascending) for each training query, drawn uniformly.

    Relevant ones are left out: a place among the other passages is drawn.
    """
    negatives = {}
    for query in sorted(data.train):
        rng = random.Random(derive(seed, "mine", query))
        places = ((bisect_left(eligible, doc), doc) for doc in data.train[query])
        excluded = sorted(place for place, doc in places if place < len(eligible) and eligible[place] == doc)
        others = len(eligible) - len(excluded)
        drawn = rng.sample(range(others), min(depth, others))
        negatives[query] = [eligible[_place_in_all(place, excluded)] for place in drawn]
    return negatives


def _place_in_all(place: int, excluded: Sequence[int]) -> int:
    """Return the place among all of what is at `place` among those that are not excluded."""
    for excluded_place in excluded:
        place += place >= excluded_place
    return place


def nearest(
    data: Data, eligible: Collection[str] | None, miner: ModelVectors, depth: int, margin: float | None = None
) -> dict[str, list[str]]:
    """Return the `depth` eligible passages nearest to each training query by the miner's vectors; None: all are.

    With a margin, of those that the filter of false negatives leaves.
    """
    queries = _queries(data, miner)
    most = max(len(docs) for docs in data.train.values())
    limits = None if margin is None else ceilings(data, queries, miner, margin)
    best = TopK(queries.matrix, depth + most, limits)
    ids: list[str] = []
    for names, vectors in miner.blocks(data.training_passages, "passage", ids=eligible):
        best.add(len(ids), vectors)
        ids += names
    ranking, _ = best.ranking(queries.ids, ids.__getitem__)
    return {
        query: [doc for doc, _ in ranking[query] if doc not in data.train[query]][:depth] for query in sorted(ranking)
    }


def _queries(data: Data, miner: ModelVectors) -> Vectors:
    return miner.vectors({query: data.queries[query] for query in data.train}, "query")
