"""Consult: every expert's score of every training pair, scaled to [0, 1].

The pairs are each training query with its relevant passages and its mined negatives. All experts are scaled by one
rule: `s = clip((x - p1) / (p99 - p1), 0, 1)`, where p1 and p99 are the 1st and 99th percentile of the expert's raw
scores over the cell's pairs. A passage that a ranker does not return has score 0.

Where the user's training rows score all of these pairs (`pos_scores`, `neg_scores`), their scores are those of one
expert, in place of the suite's experts.

The scores are stored with the experts' agreement on the order of the pairs (harness.stats.agreement). It is computed
from raw scores, because clipping makes ties at both ends. Outputs of earlier versions lack its `p_by_query`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.train_file_data import row_scores
from harness.machine.store import VALUE, Store
from harness.request import plugins
from harness.request.cell import Cell
from harness.request.manifest import Expert
from harness.stages import tokenless
from harness.stages.base_model import base_model
from harness.stages.base_vectors import BaseVectors
from harness.stages.lineage import consult_key
from harness.stages.model_prompts import expert_prompts
from harness.stages.model_vectors import ModelVectors, rows_of
from harness.stages.stage_settings import scored_rows
from harness.stats.agreement import agreement
from harness.types import Need, TrainingData

Pair = tuple[str, str]  # query id, passage id
Column = NDArray[np.float64]  # [pairs]: one expert's scores


def consult(cell: Cell, training: TrainingData, store: Store) -> TrainingData:
    """Return the training data with the experts' scores, where the method needs them."""
    if Need.EXPERT_SCORES not in cell.needs:
        return training
    pairs = [
        (query, doc)
        for query in sorted(training.data.train)
        for doc in dict.fromkeys([*training.data.train[query], *training.negatives.get(query, ())])
    ]

    def compute() -> dict[str, Any]:
        if (file := scored_rows(cell)) is not None:
            given = row_scores(file)
            scored: Column = np.array([given[pair] for pair in pairs])
            return {"scores": scaled(scored)[:, None].tolist(), "agreement": {}}
        columns, counts = [], {}
        for done, expert in enumerate(cell.suite.experts):
            store.progress("consult", done, len(cell.suite.experts))
            if expert.ranker is not None:
                column, counts[expert.name] = _ranker_scores(expert, cell, training, pairs)
                columns.append(column)
            else:
                columns.append(_encoder_scores(expert, cell, training, pairs, store))
        tokenless.note(store, counts)
        rows = np.stack([scaled(column) for column in columns], axis=1).tolist()
        names = [expert.name for expert in cell.suite.experts]
        return {"scores": rows, "agreement": agreement(names, np.stack(columns, axis=1), [query for query, _ in pairs])}

    rows = store.read_json("consult", consult_key(cell), compute)["scores"]
    return replace(training, expert_scores={pair: tuple(row) for pair, row in zip(pairs, rows, strict=True)})


def stored_agreement(cell: Cell, store: Store) -> dict[str, Any]:
    """Return the stored agreement of the experts on the cell's pairs; {} where they were not consulted."""
    if Need.EXPERT_SCORES not in cell.needs:
        return {}
    folder = store.find("consult", consult_key(cell))
    if folder is None:
        return {}
    stored: dict[str, Any] = json.loads((folder / VALUE).read_text(encoding="utf-8"))["agreement"]
    return stored


def scaled(raw: Column) -> Column:
    """Return raw scores in [0, 1] by the rule in this module's docstring; equal scores all become 0."""
    low, high = np.percentile(raw, [1, 99])
    if high <= low:
        return np.zeros_like(raw)
    clipped: Column = np.clip((raw - low) / (high - low), 0.0, 1.0)
    return clipped


def _ranker_scores(
    expert: Expert, cell: Cell, training: TrainingData, pairs: list[Pair]
) -> tuple[Column, tokenless.Counts]:
    """Return a ranker's scores, and how many texts have no token for it."""
    assert expert.ranker is not None
    ranker = plugins.load(expert.ranker, expert.settings, cell.place.methods_path)
    queries = _queries(training, pairs)
    ranking = ranker.search(training.passages, queries, len(training.passages))
    scores = {query: dict(results) for query, results in ranking.items()}
    column: Column = np.array([scores.get(query, {}).get(doc, 0.0) for query, doc in pairs])
    return column, tokenless.counted(ranker, training.passages, queries)


def _encoder_scores(expert: Expert, cell: Cell, training: TrainingData, pairs: list[Pair], store: Store) -> Column:
    on_it = cell if expert.encoder == "base" else on_expert(cell, expert)
    vectors = BaseVectors if expert.encoder == "base" else ModelVectors
    encoder = vectors(on_it, store, lambda: base_model(on_it.suite, on_it.place, store))
    query_vectors = encoder.vectors(_queries(training, pairs), "query")
    passage_vectors = encoder.vectors(training.passages, "passage", ids={doc for _, doc in pairs})
    left = rows_of(query_vectors, (query for query, _ in pairs))
    right = rows_of(passage_vectors, (doc for _, doc in pairs))
    similarities: Column = np.einsum("nd,nd->n", left.astype(np.float64), right.astype(np.float64))
    return similarities


def _queries(training: TrainingData, pairs: list[Pair]) -> dict[str, str]:
    return {query: training.queries[query] for query in sorted({query for query, _ in pairs})}


def on_expert(cell: Cell, expert: Expert) -> Cell:
    """Return the cell on the expert's encoder, with the expert's prompts, length and precision.

    A prompt that is not stated is the one that its model declares.
    """
    text, evaluation = cell.suite.text, cell.suite.evaluation
    training_length = text.train_passage_max_length or text.passage_max_length  # few take evaluation's 8192
    changes = {
        **expert_prompts(expert),
        "query_max_length": min(text.query_max_length, expert.max_length or text.query_max_length),
        "passage_max_length": expert.max_length or training_length,
    }
    precision = {"precision": expert.precision, "query_precision": None} if expert.precision else {}
    suite = cell.suite.model_copy(
        update={
            "base_model": expert.encoder,
            "text": text.model_copy(update=changes),
            "evaluation": evaluation.model_copy(update=precision),
        }
    )
    return replace(cell, suite=suite)
