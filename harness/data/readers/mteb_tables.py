"""Retrieval data on the hub in MTEB's layout (mteb.abstasks.retrieval_dataset_loaders).

There is one folder per table, `corpus`, `queries` and `qrels`, with the subset's name in front (`ko-corpus`), and in
it one or more files per split:

    corpus    _id or id, title (optional), text
    queries   _id or id, text
    qrels     query-id, corpus-id, score
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.passage_streams import read_passages
from harness.data.raw_data import Judgments, Passage, RetrievalData, Stream
from harness.data.row_streams import rows
from harness.errors import DataError

TABLES = ("corpus", "queries", "qrels")


def read(paths: Sequence[Path], evaluated: str | None = None) -> RetrievalData:
    """Return the content of the tables; judgments of the split `train` are training's, all others are dev's.

    With `evaluated` the judgments of that split are dev's, and no other is read: some sets have `train` alone.

    Queries without a judgment are left out, as mteb leaves them out, and counted.
    """
    tables = _tables(paths)
    queries = dict(_queries(tables["queries"]))
    of_train = [path for path in tables["qrels"] if path.name.startswith("train")]
    others = [path for path in tables["qrels"] if path not in of_train]
    of_dev = others if evaluated is None else [path for path in tables["qrels"] if path.name.startswith(evaluated)]
    train, dev = _judgments(of_train if evaluated is None else [], queries), _judgments(of_dev, queries)
    validation.check_not_empty(dev, str(tables["qrels"][0].parent), "judgment of a split to evaluate on")
    corpus = tables["corpus"]
    return RetrievalData(
        passages=Stream(lambda: _passages(corpus)),
        queries={query: queries[query] for query in (*train, *dev)},
        train=train,
        dev=dev,
        report={"queries without a judgment": len(queries) - len(train) - len(dev)},
    )


def _tables(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Return table → its files, by the name of their folder."""
    tables: dict[str, list[Path]] = {name: [] for name in TABLES}
    for path in paths:
        name = path.parent.name.rpartition("-")[2]
        if name not in tables:
            raise DataError(f"reader 'mteb' does not take {path}; it takes files in folders of {', '.join(TABLES)}")
        tables[name].append(path)
    if missing := [name for name, files in tables.items() if not files]:
        raise DataError(f"reader 'mteb' needs {', '.join(missing)}, which the manifest does not list; add it there")
    return tables


def _passages(corpus: Sequence[Path]) -> Iterator[tuple[str, Passage]]:
    for path in corpus:
        yield from read_passages([path], (_id_column(path), "title", "text"))


def _id_column(path: Path) -> str:
    """Return the name of a table's id column: `_id` in older tables, `id` in newer ones."""
    where, row = next(iter(rows(path, "_id", "text")), (str(path), {}))
    column = next((name for name in ("_id", "id") if name in row), None)
    if column is None:
        raise DataError(f"{where}: no column '_id' or 'id'; is it the right file, and complete?")
    return column


def _queries(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for path in paths:
        column = _id_column(path)
        for where, row in rows(path, column, "text"):
            query = validation.check_new_id(validation.identifier(row.get(column), where, column), seen, where, "query")
            seen.add(query)
            yield query, validation.text(row.get("text"), f"{where}, query '{query}'", "text")


def _judgments(paths: Sequence[Path], queries: dict[str, str]) -> Judgments:
    judgments: dict[str, dict[str, int]] = {}
    for path in paths:
        for where, row in rows(path, "query-id", "corpus-id", "score"):
            query, doc = (validation.identifier(row.get(name), where, name) for name in ("query-id", "corpus-id"))
            score = row.get("score")
            if not isinstance(score, int | float) or score != int(score):
                raise DataError(f"{where}: the score {score!r} is not an integer; correct the row")
            validation.check_judgment((query, doc, int(score)), queries, where)
            if doc in judgments.setdefault(query, {}):
                raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
            judgments[query][doc] = int(score)
    return judgments
