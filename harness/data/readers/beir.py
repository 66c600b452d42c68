"""The folder layout of BEIR (Thakur et al. 2021, arXiv 2104.08663), read through beir's own loader.

    corpus.jsonl       {"_id", "title", "text"}
    queries.jsonl      {"_id", "text"}
    qrels/train.tsv    query-id, corpus-id, score; likewise qrels/dev.tsv and, optionally, qrels/extra.tsv

The loader takes the last of two rows with one id, drops the first judgment of a file without a header and stops
with a KeyError at an unknown query; what it does not check is checked here first.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.retrieval import Judgments, Passage, Retrieval
from harness.data.text_files import json_lines, table
from harness.errors import DataError

REQUIRED = ("corpus.jsonl", "queries.jsonl", "train.tsv", "dev.tsv")
OPTIONAL = ("extra.tsv",)
COLUMNS = ("query-id", "corpus-id", "score")


def read(paths: Sequence[Path]) -> Retrieval:
    """Return what the files hold; which file is which is told by its name.

    A query without a judgment is left out, and so is a training query without a relevant passage; both are counted.
    """
    files = by_name(paths)
    docs = check_rows(files["corpus.jsonl"], "document")
    queries = check_rows(files["queries.jsonl"], "query")
    splits = [name for name in files if name.endswith(".tsv")]
    for name in splits:
        check_judgments(files[name], queries, docs)

    corpus: dict[str, dict[str, str | None]] = {}
    texts: dict[str, str] = {}
    judged: dict[str, Judgments] = {}
    for name in splits:
        corpus, judged_texts, judged[name] = load(files, name, corpus)
        texts |= judged_texts
    train = {query: grades for query, grades in judged["train.tsv"].items() if any(grades.values())}
    return Retrieval(
        passages={doc: Passage(row["title"] or "", row["text"] or "") for doc, row in corpus.items()},
        queries=texts,
        train=train,
        dev=judged["dev.tsv"],
        extra=judged.get("extra.tsv", {}),
        report={
            "queries without a judgment": len(queries) - len(texts),
            "training queries without a relevant passage": len(judged["train.tsv"]) - len(train),
        },
    )


def by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Return the files of the layout by their names; raises DataError where one is missing or is not part of it."""
    files: dict[str, Path] = {}
    for path in paths:
        if path.name not in REQUIRED + OPTIONAL or path.name in files:
            known = ", ".join(REQUIRED + OPTIONAL)
            raise DataError(f"reader 'beir' has no use for {path}; it takes one each of {known}")
        files[path.name] = path
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        raise DataError(f"reader 'beir' needs {', '.join(missing)}, which the manifest does not list; add it there")
    return files


def check_rows(path: Path, what: str) -> set[str]:
    """Return the ids of a file of passages or queries; raises DataError at the first row that is wrong."""
    seen: set[str] = set()
    for where, row in json_lines(path):
        name = validation.new(validation.identifier(row.get("_id"), where), seen, where, what)
        validation.text(row.get("text"), f"{where}, {what} '{name}'", "text")
        validation.string(row.get("title") or "", f"{where}, {what} '{name}'", "title")
        seen.add(name)
    validation.some(seen, str(path), what)
    return seen


def check_judgments(path: Path, queries: set[str], docs: set[str]) -> None:
    """Raise DataError at the first judgment that is malformed, repeated or names what does not exist."""
    seen: set[tuple[str, str]] = set()
    for where, row in table(path):
        query, doc, grade = parse(row, where)
        validation.judgment((query, doc, grade), queries, docs, where)
        if (query, doc) in seen:
            raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
        seen.add((query, doc))
    validation.some(seen, str(path), "judgment")


def parse(row: Mapping[str, str], where: str) -> tuple[str, str, int]:
    """Return query id, passage id and grade of one row."""
    if tuple(row) != COLUMNS:
        raise DataError(f"{where}: the header is not {', '.join(COLUMNS)} with tabs between; add it as the first line")
    query, doc, score = row.values()
    try:
        return query, doc, int(score)
    except ValueError as error:
        raise DataError(f"{where}: the score {score!r} is not an integer; correct the row") from error


def load(files: Mapping[str, Path], split: str, corpus: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    """Return passages, judged queries and judgments of one split as beir reads them.

    `corpus` holds the passages where an earlier split has read them.
    """
    from beir.datasets.data_loader import GenericDataLoader

    loader = GenericDataLoader(
        corpus_file=str(files["corpus.jsonl"]),
        query_file=str(files["queries.jsonl"]),
        qrels_file=str(files[split]),
    )
    loader.corpus = corpus
    with quiet():
        passages, queries, judgments = loader.load_custom()
    return passages, queries, judgments


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the loader's progress bar, log lines and unclosed-file warnings from the terminal."""
    logger = logging.getLogger("beir")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
