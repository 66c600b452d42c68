"""Held out: training queries that a model must not have seen, by seeded splits over their ids.

A fold of a cross-validation, and the queries that evaluations in training use, are never trained on: not as anchors,
not as negative queries, and no other query with the same text either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from harness.data.validation import fold as folded
from harness.keys import derive
from harness.request.cell import Cell
from harness.stages.augment import WRITTEN
from harness.types import TrainingData

Relevant = dict[str, tuple[str, ...]]  # query id → ids of the relevant passages


def shuffled(queries: Iterable[str], seed: int, name: str) -> list[str]:
    """Return the ids in an order of their own for each seed and name, whatever other ids there are."""
    return sorted(sorted(queries), key=lambda query: derive(seed, name, query))


def own(queries: Iterable[str]) -> list[str]:
    """Return the queries that nobody wrote for augmentation: only these are held out and scored."""
    return [query for query in queries if not query.startswith(WRITTEN)]


def folds(cell: Cell, queries: Iterable[str]) -> list[list[str]]:
    """Return the suite's training queries in as many parts as the entry has folds, sizes apart by one at most."""
    order = shuffled(own(queries), cell.seed, "folds")
    count = cell.entry.folds or 1
    return [order[part::count] for part in range(count)]


def split(cell: Cell, training: TrainingData) -> tuple[TrainingData, Relevant]:
    """Return what a cell trains on, and the queries of its evaluations in training (none without `best_of`)."""
    if cell.fold is not None:
        training = without(training, folds(cell, training.data.train)[cell.fold])
    if cell.method is None or cell.training.best_of is None:
        return training, {}
    order = shuffled(own(training.data.train), cell.seed, "best")
    held = sorted(order[: max(1, round(cell.training.best_holdout * len(order)))])
    return without(training, held), {query: training.data.train[query] for query in held}


def without(training: TrainingData, queries: Collection[str]) -> TrainingData:
    """Return the training data without these queries and their texts.

    A mined passage that is left without a query that it answers, where losses read those, is no negative any more.
    """
    data = training.data
    texts = {folded(data.queries[query]) for query in queries}

    def free(answers: Iterable[str]) -> tuple[str, ...]:
        return tuple(text for text in answers if folded(text) not in texts)

    train = {query: docs for query, docs in data.train.items() if folded(data.queries[query]) not in texts}
    extra = {doc: left for doc, answers in data.extra_queries.items() if (left := free(answers))}
    answered = {doc: left for doc, answers in training.negative_queries.items() if (left := free(answers))}
    negatives = {
        query: tuple(doc for doc in docs if not training.negative_queries or doc in answered)
        for query, docs in training.negatives.items()
        if query in train
    }
    rest = replace(data, train=train, extra_queries=extra)
    return replace(training, data=rest, negatives=negatives, negative_queries=answered)
