"""Labelled pairs: average precision over query-passage pairs of training queries that no model has trained on.

arXiv 2408.11868 reports the area under the precision-recall curve (AUPRC) on held-out pairs of its question-answer set;
how these were drawn could not be read. Here, with `evaluation.pairs`:

* A share `holdout` of a language's training queries is held out: the same ones for all entries and seeds. No cell
  trains on them or on queries with their text (held_out.py). Another query of the same passage may be trained on.
* A held-out query and each of its relevant passages is a pair of label 1. With each of these come `negatives` pairs of
  label 0: the query, and passages that are not judged relevant to it, drawn at random from those that training reads. A
  passage that nobody judged may be relevant all the same.
* A pair's score is the similarity that retrieval ranks by: the inner product of the encoder's vectors, whose length is
  1 for a model that compares by cosine. All pairs of a language are in one ranking, so it also asks whether scores of
  different queries compare, which retrieval does not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.data.corpus import Corpus
from harness.keys import derive
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.held_out import paired_queries
from harness.stages.lineage import pairs_key
from harness.stages.model_vectors import ModelVectors, rows_of
from harness.stats.average_precision import average_precision
from harness.types import Data

AUPRC = "AUPRC"


@dataclass(frozen=True)
class Pair:
    """A held-out query, a passage, and whether the passage is relevant to it."""

    query: str
    doc: str
    relevant: bool


def pair_scores(cell: Cell, data: Data, source: ModelVectors, store: Store) -> Mapping[str, Any]:
    """Return AUPRC, and the numbers of queries, relevant and sampled pairs; {} for a suite without `evaluation.pairs`.

    `data` are those that `augment` returns, `source` has the vectors of the cell's model.
    """
    settings = cell.suite.evaluation.pairs
    if settings is None:
        return {}

    def compute() -> dict[str, Any]:
        pairs = list(labelled_pairs(data, paired_queries(cell, data.train), settings.negatives))
        texts = {pair.query: data.queries[pair.query] for pair in pairs}
        queries = source.vectors(texts, "query", dev=True)
        passages = source.vectors(data.training_passages, "passage", ids=sorted({pair.doc for pair in pairs}))
        left, right = rows_of(queries, (pair.query for pair in pairs)), rows_of(passages, (pair.doc for pair in pairs))
        scores = (left.astype("float64") * right).sum(axis=1)
        relevant = sum(pair.relevant for pair in pairs)
        return {
            AUPRC: average_precision([pair.relevant for pair in pairs], scores.tolist()),
            "queries": len(texts),
            "relevant": relevant,
            "sampled": len(pairs) - relevant,
        }

    scores: Mapping[str, Any] = store.read_json("pairs", pairs_key(cell), compute)
    return scores


def labelled_pairs(data: Data, held: Mapping[str, Sequence[str]], negatives: int) -> Iterator[Pair]:
    """Yield the pairs of the held-out queries; fewer negatives where there are fewer passages."""
    passages = data.training_passages
    ids = None if isinstance(passages, Corpus) else sorted(passages)
    for query, relevant in sorted(held.items()):
        yield from (Pair(query, doc, True) for doc in relevant)
        wanted = negatives * len(relevant)
        rng = random.Random(derive(0, "pairs", data.language, query))
        rows = rng.sample(range(len(passages)), min(wanted + len(relevant), len(passages)))
        drawn = (_id_at(passages, ids, row) for row in rows)
        yield from (Pair(query, doc, False) for doc in [doc for doc in drawn if doc not in relevant][:wanted])


def _id_at(passages: Mapping[str, str], ids: Sequence[str] | None, row: int) -> str:
    return passages.id_at(row) if isinstance(passages, Corpus) else (ids or [])[row]
