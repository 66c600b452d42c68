"""A train file's rows in place of a suite's training queries.

The texts of the rows are the pool that training reads, under ids derived from their content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from harness.data import validation
from harness.data.splits import draw
from harness.data.train_file import read
from harness.data.train_row import NEGATIVE_QUERIES, Row
from harness.errors import DataError
from harness.machine.file_hashes import file_sha256
from harness.request.manifest import TrainFile
from harness.types import Data


def use_train_file(data: Data, file: TrainFile, most: int | None = None) -> Data:
    """Return the data with the file's rows in place of the training queries, at most `most` of them by a seeded draw.

    Passages, dev queries and NLI triples stay. Raises DataError if the file has changed since it was declared, or
    holds a query that has the text of a dev query.
    """
    rows = unchanged_rows(file)
    _check_dev_texts(rows, data)
    return with_rows(data, rows, str(file.path), most)


def unchanged_rows(file: TrainFile) -> list[Row]:
    """Return the rows of a file; raises DataError if it has changed since it was declared."""
    if not file.path.is_file() or file_sha256(file.path) != file.sha256:
        raise DataError(f"{file.path} was deleted or has changed since the run was planned; rerun the command")
    return read(file.path)


def row_scores(file: TrainFile) -> dict[tuple[str, str], float]:
    """Return (query id, passage id) → the score that a row gives the pair; the first where it has the text twice."""
    scores: dict[tuple[str, str], float] = {}
    for query, row in row_ids(unchanged_rows(file)).items():
        for text, score in zip((*row.positives, *row.negatives), row.scores, strict=True):
            scores.setdefault((query, content_id(text)), score)
    return scores


def with_rows(data: Data, rows: Sequence[Row], where: str, most: int | None = None) -> Data:
    """Return the data with rows in place of the training queries, at most `most` of them by a seeded draw.

    `where` is the rows' file for an error message.
    """
    train = row_ids(rows)
    if most is not None and most < len(train):
        drawn = set(draw(train, most, data.language))
        train = {query: row for query, row in train.items() if query in drawn}
    queries = {query: text for query, text in data.queries.items() if query in data.dev}
    for query in train:
        validation.check_new_id(query, queries, where, "query")
    return replace(
        data,
        queries=dict(sorted({**queries, **{query: row.query for query, row in train.items()}}.items())),
        train={query: _ids(row.positives) for query, row in train.items()},
        extra_queries=_negative_queries(rows),
        pool=_pool(rows),
        mined={query: _ids(row.negatives) for query, row in train.items()},
    )


def row_ids(rows: Sequence[Row]) -> dict[str, Row]:
    """Return query id → row; ids are in the order of the file."""
    return {f"row-{number:07d}": row for number, row in enumerate(rows, start=1)}


def _check_dev_texts(rows: Sequence[Row], data: Data) -> None:
    """Raise DataError for a query or negative query that has the text of a dev query."""
    dev_texts = {validation.normalized(data.queries[query]): query for query in data.dev}
    for row in rows:
        texts = {"query": row.query} | {f"{NEGATIVE_QUERIES}[{j}]": text for j, text in enumerate(row.negative_queries)}
        for name, text in texts.items():
            if (twin := dev_texts.get(validation.normalized(text))) is not None:
                raise DataError(f"{row.where}: {name} has the text of dev query '{twin}'; delete it from the file")


def _negative_queries(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Return passage id → the queries that any row gives that negative, each once."""
    queries: dict[str, dict[str, None]] = {}
    for row in rows:
        for negative, query in zip(row.negatives, row.negative_queries, strict=False):
            queries.setdefault(content_id(negative), {})[query] = None
    return {doc: tuple(texts) for doc, texts in sorted(queries.items())}


def _pool(rows: Sequence[Row]) -> dict[str, str]:
    """Return passage id → text of every positive and negative, ordered by id."""
    texts = {content_id(text): text for row in rows for text in (*row.positives, *row.negatives)}
    return dict(sorted(texts.items()))


def _ids(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(content_id(text) for text in texts))


def content_id(text: str) -> str:
    """Return the id of a text of a train file: the first 96 bits of its sha256, in hexadecimal."""
    return f"text-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
