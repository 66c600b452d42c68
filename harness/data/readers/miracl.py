"""The files of MIRACL (Zhang et al. 2023, DOI 10.1162/tacl_a_00595), as ir_datasets keeps them.

    topics    query id, tab, text
    qrels     query id, Q0, document id, grade 0 or 1, white space between
    docs      JSON lines {"docid", "title", "text"}, in parts, compressed

Every judgment is kept. A document id may equal a query id (both name Wikipedia passages): it is a judgment like any
other, though BEIR's evaluation drops it by default (trap T4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.retrieval import Judgments, Retrieval, Stream, counted, without_leaks
from harness.data.streams import complete, passages
from harness.data.text_files import AGAIN, read_text
from harness.errors import DataError

COLUMNS = ("docid", "title", "text")


def read(paths: Sequence[Path]) -> Retrieval:
    """Return topics and judgments of train (the first two files) and dev (the next two), and the corpus (the rest).

    Left out and counted, for they would be trained on and evaluated: training queries with the text of a dev query.
    """
    train, dev, parts = paths[:2], paths[2:4], paths[4:]
    queries, judged = _split(train[0], train[1])
    dev_queries, dev_judged = _split(dev[0], dev[1])
    for query in dev_queries:
        validation.new(query, queries, str(dev[0]), "query")
    return without_leaks(_retrieval({**queries, **dev_queries}, (judged, dev_judged), parts))


def read_train(paths: Sequence[Path]) -> Retrieval:
    """Return topics and judgments of train (the first two files) alone, with the corpus (the rest)."""
    queries, judged = _split(paths[0], paths[1])
    return _retrieval(queries, (judged, {}), paths[2:])


def _retrieval(queries: dict[str, str], judged: tuple[Judgments, Judgments], parts: Sequence[Path]) -> Retrieval:
    train, dev = judged
    docs = {doc for split in judged for grades in split.values() for doc in grades}
    where = f"{parts[0].parent} ({len(parts)} files)"
    source = Retrieval(
        passages=Stream(lambda: complete(passages(parts, COLUMNS), docs, where)),
        queries={query: queries[query] for query in (*train, *dev)},
        train=train,
        dev=dev,
    )
    relevant = {query: grades for query, grades in train.items() if any(grades.values())}
    report = {
        "queries without a judgment": len(queries) - len(source.queries),
        "training queries without a relevant passage": len(train) - len(relevant),
    }
    return Retrieval(source.passages, source.queries, relevant, dev, report=report, counts=counted(source))


def _split(topics: Path, qrels: Path) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Return the queries and the judgments of one split."""
    queries: dict[str, str] = {}
    for where, line in _lines(topics):
        name, tab, text = line.partition("\t")
        if not tab:
            raise DataError(f"{where}: no tab between id and text; {AGAIN}")
        queries[validation.new(validation.identifier(name, where), queries, where, "query")] = validation.text(
            text, where, "query"
        )
    judged: dict[str, dict[str, int]] = {}
    for where, line in _lines(qrels):
        query, doc, grade = _judgment(line, where)
        validation.judgment((query, doc, grade), queries, (doc,), where)
        if doc in judged.setdefault(query, {}):
            raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
        judged[query][doc] = grade
    validation.some(judged, str(qrels), "judgment")
    return queries, judged


def _judgment(line: str, where: str) -> tuple[str, str, int]:
    columns = line.split()
    try:
        query, _, doc, grade = columns
        return query, doc, int(grade)
    except ValueError as error:
        raise DataError(f"{where}: not query id, Q0, document id and grade ({line!r}); {AGAIN}") from error


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of every line that is not empty."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            yield f"{path} line {number}", line.removesuffix("\r")
