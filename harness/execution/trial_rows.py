"""The few training rows of a trial, made by the method's own `examples` of the suite's training queries.

What earlier stages would make is stood in for: other passages as the negatives of a query, texts of training queries as
the queries that these answer, drawn scores of experts. Everything else is as in a cell, so that an error is the cell's.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.errors import CellError, reason_of
from harness.request.cell import Cell
from harness.request.column_roles import declared_columns
from harness.stages.epoch_rows import drawn_in_each_epoch
from harness.stages.row_checks import check_rows
from harness.stages.stage_settings import scored_rows
from harness.stages.text_columns import text_columns
from harness.types import Data, Method, Need, TrainingData

if TYPE_CHECKING:
    from datasets import Dataset

QUERIES = 64  # and as many NLI triples: enough for methods that draw among them
ROWS = 2
START = 40  # characters of a text: enough to be tokenized and pooled, few enough for a large encoder on CPU


def trial_rows(cell: Cell, name: str, method: Method, data: Data) -> Dataset | None:
    """Return a few rows of a method, called `name`, their texts cut to the starts; None where it makes none of these.

    Raises CellError where `examples` fails, or makes rows that cannot be trained on. A method that fails on a few
    queries may need more, and is given all.
    """
    if not data.train and method.family != "nli":  # its queries are in the rows of a paper's authors
        return None
    try:
        return _rows(name, method, _stand_in(cell, data, QUERIES))
    except Exception as error:
        if max(len(data.train), len(data.nli)) <= QUERIES:
            raise _refusal(name, error) from error
    try:
        return _rows(name, method, _stand_in(cell, data, None))
    except Exception as error:
        raise _refusal(name, error) from error


def _refusal(name: str, error: Exception) -> CellError:
    if isinstance(error, CellError):  # it says what to do
        return error
    return CellError(f"{name} cannot make its training rows: {reason_of(error)}; correct it, or leave the entry out")


def _rows(name: str, method: Method, training: TrainingData) -> Dataset | None:
    from datasets import Dataset

    rows = method.examples(training)
    if not len(rows):
        return None
    declared = declared_columns(method)
    check_rows(name, rows, declared, training)
    texts = text_columns(rows, declared)
    few = rows.select(range(min(ROWS, len(rows)))).to_dict()
    return Dataset.from_dict(few | {column: [text[:START] for text in few[column]] for column in texts})


def _stand_in(cell: Cell, data: Data, most: int | None) -> TrainingData:
    """Return training data of the first `most` queries and NLI triples; None: of all."""
    train = dict(itertools.islice(data.train.items(), most))
    negatives = _negatives(cell, data, train)
    mined = dict.fromkeys(doc for docs in negatives.values() for doc in docs)
    asked = tuple(data.queries[query] for query in itertools.islice(train, ROWS))
    return TrainingData(
        data=replace(data, train=train, nli=data.nli[:most]),
        seed=cell.seed,
        negatives=negatives,
        negative_queries=dict.fromkeys(mined, asked) if Need.NEGATIVE_QUERIES in cell.row_needs else {},
        expert_scores=_scores(cell, train, negatives) if Need.EXPERT_SCORES in cell.needs else {},
        most=cell.training.pairs,
        pool_size=len(data.training_passages),
        epoch=None if drawn_in_each_epoch(cell) is None else 0,
    )


def _negatives(cell: Cell, data: Data, train: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the negatives that came with the training rows; otherwise the first passages that are not relevant."""
    if cell.entry.negatives is None:
        return {}
    if cell.entry.negatives == "ance" and data.mined:
        return {query: data.mined[query] for query in train if query in data.mined}
    depth = cell.suite.mining.depth
    longest = max(map(len, train.values()), default=0)
    first = list(itertools.islice(data.training_passages, depth + longest))
    return {query: tuple(doc for doc in first if doc not in docs)[:depth] for query, docs in train.items()}


def _scores(
    cell: Cell, train: Mapping[str, tuple[str, ...]], negatives: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, str], tuple[float, ...]]:
    number = 1 if scored_rows(cell) is not None else len(cell.suite.experts)
    rng = random.Random(0)
    pairs = [(query, doc) for query, docs in train.items() for doc in (*docs, *negatives.get(query, ()))]
    return {pair: tuple(rng.random() for _ in range(number)) for pair in pairs}
