"""Write: a query for every mined negative, by the suite's writer, for methods that read a negative's own query.

Their control (`same_rows_as`) takes the same step: a negative that got no query is dropped for both, and counted. The
user's training rows need none where they hold them (`neg_q`). A text that is a dev query is left out.
"""

from __future__ import annotations

from dataclasses import replace

from harness.data.validation import normalized
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.lineage import write_key
from harness.stages.stage_settings import negative_query_writer
from harness.stages.writer_stage import Queries, WriterStage
from harness.types import TrainingData


def write(cell: Cell, training: TrainingData, store: Store) -> TrainingData:
    """Return the training data with a query for every negative, where the cell has a writer of them."""
    return WRITE.run(cell, training, store)


def passages_of(training: TrainingData) -> dict[str, str]:
    """Return the mined negatives."""
    negatives = sorted({doc for docs in training.negatives.values() for doc in docs})
    return {doc: training.passages[doc] for doc in negatives}


def merged(training: TrainingData, queries: Queries) -> tuple[TrainingData, dict[str, int]]:
    """Return the training data with the usable queries and the negatives that have one, and the counts of others.

    `negatives_dropped` counts (training query, negative) pairs.
    """
    answered = usable(training, queries)
    negatives = {query: tuple(doc for doc in docs if doc in answered) for query, docs in training.negatives.items()}
    dropped = sum(len(docs) - len(negatives[query]) for query, docs in training.negatives.items())
    counts = {"left_out_as_dev": len(queries) - len(answered), "negatives_dropped": dropped}
    return replace(training, negatives=negatives, negative_queries=answered), counts


def usable(training: TrainingData, queries: Queries) -> dict[str, tuple[str, ...]]:
    """Return the written queries without those that are dev queries, and without passages that have no other."""
    dev = {normalized(training.queries[query]) for query in training.data.dev}
    kept = {doc: tuple(text for text in texts if normalized(text) not in dev) for doc, texts in queries.items()}
    return {doc: texts for doc, texts in kept.items() if texts}


WRITE = WriterStage[TrainingData]("write", "negative queries", negative_query_writer, write_key, passages_of, merged)
