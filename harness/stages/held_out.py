"""Held out: training queries that a model must not have seen, by seeded splits over their ids.

A fold of a cross-validation, the queries of labelled pairs, and those that evaluations in training use, are never
trained on: not as anchors, not as negative queries, and no other query with the same text either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from harness.data.validation import normalized
from harness.keys import derive
from harness.request.cell import Cell
from harness.stages.augment import WRITTEN
from harness.types import TrainingData

K = TypeVar("K")
Relevant = dict[str, tuple[str, ...]]  # query id → ids of the relevant passages


def shuffled(queries: Iterable[str], seed: int, name: str) -> list[str]:
    """Return the ids in an order of each seed and name; it does not change when other ids are added or removed."""
    return sorted(sorted(queries), key=lambda query: derive(seed, name, query))


def original_queries(queries: Iterable[str]) -> list[str]:
    """Return the queries that were not written for augmentation: only these are held out and scored."""
    return [query for query in queries if not query.startswith(WRITTEN)]


def folds(cell: Cell, queries: Iterable[str]) -> list[list[str]]:
    """Return the suite's training queries in as many parts as the entry has folds; sizes differ by at most one."""
    order = shuffled(original_queries(queries), cell.seed, "folds")
    count = cell.entry.folds or 1
    return [order[part::count] for part in range(count)]


def paired_queries(cell: Cell, train: Mapping[str, tuple[str, ...]]) -> Relevant:
    """Return the training queries of the labelled pairs of a language, with their relevant passages.

    They depend on neither entry nor seed, so that all entries are scored on the same pairs. Empty without
    `evaluation.pairs`.
    """
    pairs = cell.suite.evaluation.pairs
    if pairs is None:
        return {}
    order = shuffled(original_queries(train), 0, "pairs")
    return {query: train[query] for query in order[: max(1, round(pairs.holdout * len(order)))]}


def split(cell: Cell, training: TrainingData) -> tuple[TrainingData, Relevant]:
    """Return what a cell trains on, and the queries of its evaluations in training (empty without `best_of`)."""
    paired = paired_queries(cell, training.data.train)
    if cell.fold is not None:
        training = without(training, folds(cell, training.data.train)[cell.fold])
    if paired:
        training = without(training, paired)
    if cell.method is None or cell.training.best_of is None:
        return training, {}
    order = shuffled(original_queries(training.data.train), cell.seed, "best")
    held = sorted(order[: max(1, round(cell.training.best_holdout * len(order)))])
    return without(training, held), {query: training.data.train[query] for query in held}


def without(training: TrainingData, queries: Collection[str]) -> TrainingData:
    """Return the training data without these queries and their texts.

    Where losses read negative queries, a mined passage that is left without one is dropped from the negatives.
    """
    data = training.data
    texts = {normalized(data.queries[query]) for query in queries}

    def others(answered: Mapping[K, Iterable[str]]) -> dict[K, tuple[str, ...]]:
        kept = {
            doc: tuple(text for text in answers if normalized(text) not in texts) for doc, answers in answered.items()
        }
        return {doc: kept_texts for doc, kept_texts in kept.items() if kept_texts}

    train = {query: docs for query, docs in data.train.items() if normalized(data.queries[query]) not in texts}
    negative_queries, mined_queries = others(training.negative_queries), others(data.mined_queries)

    def is_answered(query: str, doc: str) -> bool:
        given_by_row = (query, doc) in data.mined_queries
        return (query, doc) in mined_queries if given_by_row else doc in negative_queries

    negatives = {
        query: tuple(doc for doc in docs if not training.negative_queries or is_answered(query, doc))
        for query, docs in training.negatives.items()
        if query in train
    }
    kept_data = replace(data, train=train, extra_queries=others(data.extra_queries), mined_queries=mined_queries)
    return replace(training, data=kept_data, negatives=negatives, negative_queries=negative_queries)
