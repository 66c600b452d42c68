"""Which queries are trained on and which are evaluated: leaks, a separate training source, holdout, and a bound."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.data.passage_streams import select
from harness.data.raw_data import Judgments, RetrievalData, Stream, row_counts
from harness.data.validation import check_new_id, normalized
from harness.keys import derive


def without_leaks(raw: RetrievalData) -> RetrievalData:
    """Return the data without training and extra queries that have the text of a dev query; they are counted."""
    train, extra = (_without_texts(judgments, raw.queries, raw.dev) for judgments in (raw.train, raw.extra))
    report = {**raw.report, "training queries with the text of a dev query": len(raw.train) - len(train)}
    if left_out := len(raw.extra) - len(extra):
        report["extra queries with the text of a dev query"] = left_out
    return replace(raw, train=train, extra=extra, report=report, counts=row_counts(raw))


def _without_texts(judgments: Judgments, queries: Mapping[str, str], excluded: Iterable[str]) -> Judgments:
    """Return the judgments of queries whose text is not that of an excluded query id."""
    texts = {normalized(queries[query]) for query in excluded}
    return {query: grades for query, grades in judgments.items() if normalized(queries[query]) not in texts}


def with_training_source(raw: RetrievalData, training: RetrievalData, where: str) -> RetrievalData:
    """Return `raw` with the training queries of `training`, and as the pool the passages that these judge.

    Training queries with the text of a dev query are left out and counted.
    """
    judged = {doc for grades in training.train.values() for doc in grades}
    queries = {query: raw.queries[query] for query in raw.dev}
    for query in training.train:
        check_new_id(query, queries, where, "query")
    counts, training_counts = row_counts(raw), row_counts(training)
    joined = RetrievalData(
        passages=raw.passages,
        queries={**queries, **{query: training.queries[query] for query in training.train}},
        train=training.train,
        dev=raw.dev,
        report={**raw.report, **{f"{rows} (training)": number for rows, number in training.report.items()}},
        counts={name: (training_counts if name.startswith("train_") else counts)[name] for name in counts},
        pool=Stream(lambda: select(training.passages.items(), judged)),
    )
    return without_leaks(joined)


def hold_out(raw: RetrievalData, share: float) -> RetrievalData:
    """Return the data with that share of its training queries in place of its dev queries.

    A query is held out if the first 8 bytes of its id's sha256, big-endian and divided by 2**64, are below `share`.
    Other training queries and extra queries with the text of a held-out one are left out and counted. If training has
    passages of its own, these are searched.
    """
    dev = {query: grades for query, grades in raw.train.items() if hash_position(query) < share}
    others = {query: grades for query, grades in raw.train.items() if query not in dev}
    train, extra = (_without_texts(judgments, raw.queries, dev) for judgments in (others, raw.extra))
    left_out = len(others) - len(train) + len(raw.extra) - len(extra)
    report = {**raw.report, "queries with the text of a held-out query": left_out}
    held_out = replace(raw, train=train, dev=dev, extra=extra, report=report)
    return held_out if raw.pool is None else replace(held_out, passages=raw.pool, pool=None)


def hash_position(query: str) -> float:
    """Return the position in [0, 1) of a query id's hash."""
    return int.from_bytes(hashlib.sha256(query.encode()).digest()[:8], "big") / 2**64


def bound_training(raw: RetrievalData, most: int, language: str) -> RetrievalData:
    """Return the data with at most `most` training queries, drawn with the language's seed; the passages stay."""
    if len(raw.train) <= most:
        return raw
    return replace(raw, train={query: raw.train[query] for query in draw(raw.train, most, language)})


def draw(ids: Iterable[str], most: int, language: str) -> list[str]:
    """Return `most` of the ids, drawn with the language's seed from the sorted ids."""
    return random.Random(derive(0, "max-train", language)).sample(sorted(ids), most)
