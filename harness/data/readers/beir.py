"""The folder layout of BEIR (Thakur et al. 2021, arXiv 2104.08663), read through beir's own loader.

    corpus.jsonl       {"_id", "title", "text"}
    queries.jsonl      {"_id", "text"}
    qrels/train.tsv    query-id, corpus-id, score; likewise qrels/dev.tsv and, optionally, qrels/extra.tsv

The loader takes the last of two rows with one id, drops the first judgment of a file without a header and stops
with a KeyError at an unknown query; so the files are checked here first.
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
from harness.data.raw_data import Judgments, Passage, RetrievalData
from harness.data.text_files import json_lines, table
from harness.errors import DataError

REQUIRED = ("corpus.jsonl", "queries.jsonl", "train.tsv", "dev.tsv")
OPTIONAL = ("extra.tsv",)
COLUMNS = ("query-id", "corpus-id", "score")


def read(paths: Sequence[Path]) -> RetrievalData:
    """Return the content of the files, which are recognised by their names.

    Queries without a judgment and training queries without a relevant passage are left out and counted.
    """
    files = _by_name(paths)
    docs = _check_rows(files["corpus.jsonl"], "document")
    queries = _check_rows(files["queries.jsonl"], "query")
    splits = [name for name in files if name.endswith(".tsv")]
    for name in splits:
        _check_judgments(files[name], queries, docs)

    corpus: dict[str, dict[str, str | None]] = {}
    texts: dict[str, str] = {}
    judgments: dict[str, Judgments] = {}
    for name in splits:
        corpus, split_texts, judgments[name] = _load(files, name, corpus)
        texts |= split_texts
    train = {query: grades for query, grades in judgments["train.tsv"].items() if any(grades.values())}
    return RetrievalData(
        passages={doc: Passage(row["title"] or "", row["text"] or "") for doc, row in corpus.items()},
        queries=texts,
        train=train,
        dev=judgments["dev.tsv"],
        extra=judgments.get("extra.tsv", {}),
        report={
            "queries without a judgment": len(queries) - len(texts),
            "training queries without a relevant passage": len(judgments["train.tsv"]) - len(train),
        },
    )


def _by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Return name → path; raises DataError if a file is missing or is not part of the layout."""
    files: dict[str, Path] = {}
    for path in paths:
        if path.name not in REQUIRED + OPTIONAL or path.name in files:
            known = ", ".join(REQUIRED + OPTIONAL)
            raise DataError(f"reader 'beir' does not take {path}; it takes one each of {known}")
        files[path.name] = path
    missing = [name for name in REQUIRED if name not in files]
    if missing:
        raise DataError(f"reader 'beir' needs {', '.join(missing)}, which the manifest does not list; add it there")
    return files


def _check_rows(path: Path, kind: str) -> set[str]:
    """Return the ids of a file of passages or queries; raises DataError at the first invalid row."""
    seen: set[str] = set()
    for where, row in json_lines(path):
        name = validation.check_new_id(validation.identifier(row.get("_id"), where), seen, where, kind)
        validation.text(row.get("text"), f"{where}, {kind} '{name}'", "text")
        validation.string(row.get("title") or "", f"{where}, {kind} '{name}'", "title")
        seen.add(name)
    validation.check_not_empty(seen, str(path), kind)
    return seen


def _check_judgments(path: Path, queries: set[str], docs: set[str]) -> None:
    """Raise DataError at the first judgment that is malformed, repeated, or of an unknown query or passage."""
    seen: set[tuple[str, str]] = set()
    for where, row in table(path):
        query, doc, grade = _judgment(row, where)
        validation.check_judgment((query, doc, grade), queries, docs, where)
        if (query, doc) in seen:
            raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
        seen.add((query, doc))
    validation.check_not_empty(seen, str(path), "judgment")


def _judgment(row: Mapping[str, str], where: str) -> tuple[str, str, int]:
    """Return query id, passage id and grade of one row."""
    if tuple(row) != COLUMNS:
        raise DataError(f"{where}: the header is not {', '.join(COLUMNS)}, tab-separated; add it as the first line")
    query, doc, score = row.values()
    try:
        return query, doc, int(score)
    except ValueError as error:
        raise DataError(f"{where}: the score {score!r} is not an integer; correct the row") from error


def _load(files: Mapping[str, Path], split: str, corpus: dict[str, Any]) -> tuple[dict[str, Any], Any, Any]:
    """Return passages, judged queries and judgments of one split as beir reads them.

    `corpus` holds the passages if they were read with an earlier split.
    """
    from beir.datasets.data_loader import GenericDataLoader

    loader = GenericDataLoader(
        corpus_file=str(files["corpus.jsonl"]),
        query_file=str(files["queries.jsonl"]),
        qrels_file=str(files[split]),
    )
    loader.corpus = corpus
    with _quiet():
        passages, queries, judgments = loader.load_custom()
    return passages, queries, judgments


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide the loader's progress bar, log lines and unclosed-file warnings."""
    logger = logging.getLogger("beir")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
