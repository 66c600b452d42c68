"""Training rows that the authors of a paper published, in place of a suite's training queries.

One JSON object per line, as in a train file (harness.data.train_row): {query, pos, neg, neg_q}, where `neg_q[j]` is a
query that `neg[j]` answers. The file is verified by its hash and cannot be corrected, so it is read as it is: further
keys are ignored, and rows without a query, a positive, a negative or a query for each negative are left out and
counted. A negative that a row gives twice counts twice in a draw, as in the authors' code.

Texts of dev queries are never trained on: a row whose query has one is left out, and a negative whose query has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.text_files import json_lines
from harness.data.train_file_data import content_id, row_ids, with_rows
from harness.data.train_row import Row
from harness.errors import DataError
from harness.types import Data


@dataclass(frozen=True)
class PublishedRowsRead:
    """The rows of a file, and counts: of its lines, and of what was left out."""

    rows: tuple[Row, ...]
    counts: Mapping[str, int]


def read(path: Path, dev_texts: frozenset[str]) -> PublishedRowsRead:
    """Return the rows of a file without those of `dev_texts` (normalised).

    Raises DataError, with the line, for a line that is not a row, and for a file in which no row is left.
    """
    rows: list[Row] = []
    counts = {"lines": 0, "rows": 0, "incomplete": 0, "dev_queries": 0, "negatives_with_dev_queries": 0}
    for where, value in json_lines(path, "query", "pos", "neg"):
        counts["lines"] += 1
        row = _row(value, where)
        if not _is_complete(row):
            counts["incomplete"] += 1
        elif validation.normalized(row.query) in dev_texts:
            counts["dev_queries"] += 1
        else:
            kept = _without_texts(row, dev_texts)
            counts["negatives_with_dev_queries"] += len(row.negatives) - len(kept.negatives)
            rows += [kept] if kept.negatives else []
    counts["rows"] = len(rows)
    if not rows:
        raise DataError(f"{path}: none of its {counts['lines']} lines is a whole row with query, pos, neg and neg_q")
    return PublishedRowsRead(tuple(rows), counts)


def _row(value: Mapping[str, Any], where: str) -> Row:
    query = validation.string(value.get("query", ""), where, "'query'").strip()
    positives, negatives, queries = (_texts(value.get(name), name, where) for name in ("pos", "neg", "neg_q"))
    return Row(where, query, positives, negatives, queries)


def _texts(value: object, name: str, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise DataError(f"{where}: '{name}' is {type(value).__name__}, not a list of texts; is it the right file?")
    return tuple(validation.string(text, where, f"{name}[{number}]").strip() for number, text in enumerate(value))


def _is_complete(row: Row) -> bool:
    texts = (row.query, *row.positives, *row.negatives, *row.negative_queries)
    return bool(row.positives and row.negatives) and len(row.negatives) == len(row.negative_queries) and all(texts)


def _without_texts(row: Row, texts: frozenset[str]) -> Row:
    pairs = zip(row.negatives, row.negative_queries, strict=True)
    kept = [(negative, query) for negative, query in pairs if validation.normalized(query) not in texts]
    return replace(row, negatives=tuple(doc for doc, _ in kept), negative_queries=tuple(query for _, query in kept))


def with_published_rows(data: Data, rows: Sequence[Row], most: int | None = None) -> Data:
    """Return the data with the rows in place of its training queries, at most `most` of them by a seeded draw.

    The negatives of a row are as many as it has, in its order, and each keeps the queries that this row gives it.
    """
    replaced = with_rows(data, rows, "the authors' rows", most)
    train = {query: row for query, row in row_ids(rows).items() if query in replaced.train}
    return replace(
        replaced,
        mined={query: tuple(map(content_id, row.negatives)) for query, row in train.items()},
        mined_queries=_queries_by_negative(train),
    )


def _queries_by_negative(train: Mapping[str, Row]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (query id, passage id) → the queries that this row gives the passage, in its order."""
    given: dict[tuple[str, str], list[str]] = {}
    for query, row in train.items():
        for negative, answered in zip(row.negatives, row.negative_queries, strict=True):
            given.setdefault((query, content_id(negative)), []).append(answered)
    return {pair: tuple(texts) for pair, texts in given.items()}
