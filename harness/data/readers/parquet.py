"""Retrieval data in the layouts of datasets on the hub: MTEB's, and Belebele's.

MTEB's (mteb.abstasks.retrieval_dataset_loaders) has one folder a table, `corpus`, `queries` and `qrels`, with the
subset's name before it (`ko-corpus`), and in it one file, or several, a split:

    corpus    _id or id, title (optional), text
    queries   _id or id, text
    qrels     query-id, corpus-id, score
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.retrieval import Judgments, Passage, Retrieval, Stream
from harness.data.streams import complete, passages, rows
from harness.data.text_files import member
from harness.errors import DataError

TABLES = ("corpus", "queries", "qrels")


def read_mteb(paths: Sequence[Path]) -> Retrieval:
    """Return what the tables hold; judgments of a split `train` are training's, those of any other are dev's.

    A query without a judgment is left out, as mteb leaves it out, and counted.
    """
    tables = _tables(paths)
    queries = dict(_texts(tables["queries"]))
    train = _judgments([path for path in tables["qrels"] if path.name.startswith("train")], queries)
    dev = _judgments([path for path in tables["qrels"] if not path.name.startswith("train")], queries)
    validation.some(dev, str(tables["qrels"][0].parent), "judgment of a split to evaluate on")
    judged = {doc for split in (train, dev) for grades in split.values() for doc in grades}
    corpus = tables["corpus"]
    where = str(corpus[0].parent)
    return Retrieval(
        passages=Stream(lambda: complete(_passages(corpus), judged, where)),
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
            raise DataError(f"reader 'mteb' has no use for {path}; it takes files in folders of {', '.join(TABLES)}")
        tables[name].append(path)
    if missing := [name for name, files in tables.items() if not files]:
        raise DataError(f"reader 'mteb' needs {', '.join(missing)}, which the manifest does not list; add it there")
    return tables


def _passages(corpus: Sequence[Path]) -> Iterator[tuple[str, Passage]]:
    for path in corpus:
        yield from passages([path], (_id_column(path), "title", "text"))


def _id_column(path: Path) -> str:
    """Return how a table calls its ids: older ones `_id`, newer ones `id`."""
    where, row = next(iter(rows(path)), (str(path), {}))
    found = next((name for name in ("_id", "id") if name in row), None)
    if found is None:
        raise DataError(f"{where}: neither a column '_id' nor 'id'; is it the right file, and whole?")
    return found


def _texts(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for path in paths:
        name = _id_column(path)
        for where, row in rows(path):
            query = validation.new(validation.identifier(row.get(name), where), seen, where, "query")
            seen.add(query)
            yield query, validation.text(row.get("text"), f"{where}, query '{query}'", "text")


def _judgments(paths: Sequence[Path], queries: dict[str, str]) -> Judgments:
    judged: dict[str, dict[str, int]] = {}
    for path in paths:
        for where, row in rows(path):
            query, doc = (validation.identifier(row.get(name), where) for name in ("query-id", "corpus-id"))
            score = row.get("score")
            if not isinstance(score, int | float) or score != int(score):
                raise DataError(f"{where}: the score {score!r} is not an integer; correct the row")
            validation.judgment((query, doc, int(score)), queries, (doc,), where)
            if doc in judged.setdefault(query, {}):
                raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
            judged[query][doc] = int(score)
    return judged


def read_belebele(paths: Sequence[Path]) -> Retrieval:
    """Return questions of Belebele (Bandarkar et al. 2024, arXiv 2308.16884) and the passages that they are about.

    As in mteb's BelebeleRetrieval: a passage is what one `link` names, `C<n>` in the order of the file, a query one
    text, `Q<n>`. All queries are dev.
    """
    if len(paths) != 1:
        raise DataError(f"reader 'belebele' takes one file, not {len(paths)}; correct the manifest's list of files")
    corpus: dict[str, Passage] = {}
    links: dict[str, str] = {}
    texts: dict[str, str] = {}  # text → query id
    dev: dict[str, dict[str, int]] = {}
    for where, row in rows(paths[0]):
        link = member(row, "link", str, where)
        if link not in links:
            links[link] = f"C{len(links)}"
            corpus[links[link]] = Passage("", validation.text(row.get("flores_passage"), where, "flores_passage"))
        text = validation.text(row.get("question"), where, "question")
        query = texts.setdefault(text, f"Q{len(texts)}")
        dev.setdefault(query, {})[links[link]] = 1
    validation.some(dev, str(paths[0]), "question")
    return Retrieval(passages=corpus, queries={query: text for text, query in texts.items()}, train={}, dev=dev)
