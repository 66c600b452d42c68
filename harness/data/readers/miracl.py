"""The files of MIRACL (Zhang et al. 2023, DOI 10.1162/tacl_a_00595), as ir_datasets keeps them.

    topics    query id, tab, text
    qrels     query id, Q0, document id, grade 0 or 1, separated by white space
    docs      JSON lines {"docid", "title", "text"}, in compressed parts

Every judgment is kept. A document id may equal a query id (both name Wikipedia passages): it is a judgment like any
other, though BEIR's evaluation drops it by default (docs/traps.md, T4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.passage_streams import read_passages
from harness.data.raw_data import Judgments, RetrievalData, Stream, row_counts
from harness.data.splits import without_leaks
from harness.data.text_files import RESTORE, read_text
from harness.errors import DataError

COLUMNS = ("docid", "title", "text")


def read(paths: Sequence[Path]) -> RetrievalData:
    """Return topics and judgments of train (the first two files) and dev (the next two), and the corpus (the others).

    Training queries with the text of a dev query are left out and counted: they would be trained on and evaluated.
    """
    train, dev, parts = paths[:2], paths[2:4], paths[4:]
    train_queries, train_judgments = _read_split(train[0], train[1])
    dev_queries, dev_judgments = _read_split(dev[0], dev[1])
    for query in dev_queries:
        validation.check_new_id(query, train_queries, str(dev[0]), "query")
    return without_leaks(_raw_data({**train_queries, **dev_queries}, (train_judgments, dev_judgments), parts))


def read_train(paths: Sequence[Path]) -> RetrievalData:
    """Return topics and judgments of train (the first two files) alone, with the corpus (the others)."""
    queries, judgments = _read_split(paths[0], paths[1])
    return _raw_data(queries, (judgments, {}), paths[2:])


def _raw_data(queries: dict[str, str], splits: tuple[Judgments, Judgments], parts: Sequence[Path]) -> RetrievalData:
    train, dev = splits
    raw = RetrievalData(
        passages=Stream(lambda: read_passages(parts, COLUMNS)),
        queries={query: queries[query] for query in (*train, *dev)},
        train=train,
        dev=dev,
    )
    answerable = {query: grades for query, grades in train.items() if any(grades.values())}
    report = {
        "queries without a judgment": len(queries) - len(raw.queries),
        "training queries without a relevant passage": len(train) - len(answerable),
    }
    return RetrievalData(raw.passages, raw.queries, answerable, dev, report=report, counts=row_counts(raw))


def _read_split(topics: Path, qrels: Path) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Return the queries and the judgments of one split."""
    queries: dict[str, str] = {}
    for where, line in _lines(topics):
        name, tab, text = line.partition("\t")
        if not tab:
            raise DataError(f"{where}: no tab between id and text; {RESTORE}")
        query = validation.check_new_id(validation.identifier(name, where), queries, where, "query")
        queries[query] = validation.text(text, where, "query")
    judgments: dict[str, dict[str, int]] = {}
    for where, line in _lines(qrels):
        query, doc, grade = _judgment(line, where)
        validation.check_judgment((query, doc, grade), queries, where)
        if doc in judgments.setdefault(query, {}):
            raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
        judgments[query][doc] = grade
    validation.check_not_empty(judgments, str(qrels), "judgment")
    return queries, judgments


def _judgment(line: str, where: str) -> tuple[str, str, int]:
    columns = line.split()
    try:
        query, _, doc, grade = columns
        return query, doc, int(grade)
    except ValueError as error:
        raise DataError(f"{where}: not query id, Q0, document id and grade ({line!r}); {RESTORE}") from error


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield ("FILE line N", text) for every line that is not blank."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield f"{path} line {number}", line.removesuffix("\r")
