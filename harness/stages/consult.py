"""Consult: every expert's score of every training pair, scaled to [0, 1].

The pairs are each training query with its relevant passages and its mined negatives. Scaling rule, the same for all
experts: `s = clip((x - p1) / (p99 - p1), 0, 1)`, where p1 and p99 are the 1st and 99th percentile of that expert's raw
scores over the cell's pairs. A ranker that does not return a passage gives it 0.

Kept with the scores is how far the experts agree on the order of the pairs (harness.stats.agreement), by their raw
scores: clipping ties the ends.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.machine.store import VALUE, Store
from harness.request import plugins
from harness.request.cell import Cell
from harness.request.manifest import Expert
from harness.stages.base_model import base_model
from harness.stages.lineage import consult_key
from harness.stats.agreement import agreement
from harness.types import Need, TrainingData
from harness.vectors.embedding import embed, open_encoder

Pair = tuple[str, str]  # query id, passage id


def consult(cell: Cell, training: TrainingData, store: Store) -> TrainingData:
    """Return the training data with the experts' scores, where the method asks for them."""
    if Need.EXPERT_SCORES not in cell.needs:
        return training
    pairs = [
        (query, doc)
        for query in sorted(training.data.train)
        for doc in dict.fromkeys([*training.data.train[query], *training.negatives.get(query, ())])
    ]

    def compute() -> dict[str, Any]:
        columns = []
        for done, expert in enumerate(cell.suite.experts):
            store.progress("consult", done, len(cell.suite.experts))
            columns.append(_raw(expert, cell, training, pairs, store))
        rows = np.stack([scaled(column) for column in columns], axis=1).tolist()
        names = [expert.name for expert in cell.suite.experts]
        return {"scores": rows, "agreement": agreement(names, np.stack(columns, axis=1))}

    rows = store.read_json("consult", consult_key(cell), compute)["scores"]
    return replace(training, expert_scores={pair: tuple(row) for pair, row in zip(pairs, rows, strict=True)})


def agreed(cell: Cell, store: Store) -> dict[str, Any]:
    """Return how far the experts agree on the cell's pairs, as they were consulted; {} where they were not."""
    if Need.EXPERT_SCORES not in cell.needs:
        return {}
    folder = store.find("consult", consult_key(cell))
    if folder is None:
        return {}
    found: dict[str, Any] = json.loads((folder / VALUE).read_text(encoding="utf-8"))["agreement"]
    return found


def scaled(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return raw scores in [0, 1] by the rule in this file's head; equal scores all become 0."""
    low, high = np.percentile(raw, [1, 99])
    if high <= low:
        return np.zeros_like(raw)
    clipped: NDArray[np.float64] = np.clip((raw - low) / (high - low), 0.0, 1.0)
    return clipped


def _raw(expert: Expert, cell: Cell, training: TrainingData, pairs: list[Pair], store: Store) -> NDArray[np.float64]:
    data = training.data
    queries = {query: data.queries[query] for query in sorted({query for query, _ in pairs})}
    if expert.ranker is not None:
        ranker = plugins.load(expert.ranker, expert.settings, cell.place.methods_path)
        found = ranker.search(training.passages, queries, len(training.passages))
        scores = {query: dict(rows) for query, rows in found.items()}
        return np.array([scores.get(query, {}).get(doc, 0.0) for query, doc in pairs])
    if expert.encoder != "base":
        prompts = {"query_prompt": expert.query_prompt, "passage_prompt": expert.passage_prompt}
        text = cell.suite.text
        most = text.train_passage_max_length or text.passage_max_length  # few encoders have room for evaluation's 8192
        text = text.model_copy(update={**prompts, "passage_max_length": most})
        cell = replace(cell, suite=cell.suite.model_copy(update={"base_model": expert.encoder, "text": text}))
    model = open_encoder(base_model(cell.suite, cell.place, store), cell)
    passages = {doc: training.passages[doc] for doc in sorted({doc for _, doc in pairs})}
    of_queries = embed(model, queries, "query", cell, store)
    of_passages = embed(model, passages, "passage", cell, store)
    row = {query: i for i, query in enumerate(of_queries.ids)}
    column = {doc: i for i, doc in enumerate(of_passages.ids)}
    left = of_queries.matrix[[row[query] for query, _ in pairs]]
    right = of_passages.matrix[[column[doc] for _, doc in pairs]]
    cosines: NDArray[np.float64] = np.einsum("nd,nd->n", left.astype(np.float64), right.astype(np.float64))
    return cosines
