"""The folder layout of BEIR (Thakur et al. 2021, arXiv 2104.08663).

    corpus.jsonl       {"_id", "title", "text"}; a passage may be a title alone, without a text or its key
    queries.jsonl      {"_id", "text"}
    qrels/dev.tsv      query-id, corpus-id, score, or TREC's four columns; likewise qrels/test.tsv, and optionally
                       qrels/train.tsv and qrels/extra.tsv (queries that serve only as negative queries)

Files are recognised by their names, and may be compressed by gzip (corpus.jsonl.gz). What is read is what beir's own
loader reads, which takes the last of two rows with one id, drops the first judgment of a file without a header and
stops with a KeyError at an unknown query: here these are errors with their line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.passage_streams import passage_of
from harness.data.qrels_files import judgments
from harness.data.raw_data import Judgments, Passage, RetrievalData
from harness.data.splits import without_leaks
from harness.data.text_files import json_lines
from harness.errors import DataError

COLUMNS = ("_id", "title", "text")
TEXTS = ("corpus.jsonl", "queries.jsonl")
EVALUATED = ("dev.tsv", "test.tsv")
TRAINING = ("train.tsv", "extra.tsv")
KNOWN = (*TEXTS, *EVALUATED, *TRAINING)


def of_split(paths: Sequence[Path], split: str | None) -> list[Path]:
    """Return the files without the judgments of the other split to evaluate on; all where no split is named."""
    others = {name for name in EVALUATED if split is not None and name != f"{split}.tsv"}
    return [path for path in paths if _name(path) not in others]


def lists_training(paths: Sequence[str]) -> bool:
    """Return whether judgments of training queries are among the files."""
    return any(_name(Path(path)) == "train.tsv" for path in paths)


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz")


def read(paths: Sequence[Path]) -> RetrievalData:
    """Return the content of the files; dev are the judgments of dev.tsv or of test.tsv.

    Left out and counted: queries without a judgment, training queries without a relevant passage, and training and
    extra queries with the text of an evaluated one.
    """
    files = _by_name(paths)
    (evaluated,) = (name for name in EVALUATED if name in files)
    passages = _passages(files["corpus.jsonl"])
    queries = _queries(files["queries.jsonl"])
    train, dev, extra = (_judgments(files.get(name), queries) for name in ("train.tsv", evaluated, "extra.tsv"))
    validation.check_not_empty(dev, str(files[evaluated]), "judgment")
    splits = (train, dev, extra)
    judged = {query for split in splits for query in split}
    answerable = {query: grades for query, grades in train.items() if any(grades.values())}
    return without_leaks(
        RetrievalData(
            passages=passages,
            queries={query: text for query, text in queries.items() if query in judged},
            train=answerable,
            dev=dev,
            extra=extra,
            report={
                "queries without a judgment": len(queries) - len(judged),
                "training queries without a relevant passage": len(train) - len(answerable),
            },
        )
    )


def _by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Return name → path; raises DataError if a file is missing or is not part of the layout."""
    files: dict[str, Path] = {}
    for path in paths:
        name = _name(path)
        if name not in KNOWN or name in files:
            raise DataError(f"reader 'beir' does not take {path}; it takes one each of {', '.join(KNOWN)}")
        files[name] = path
    missing = [name for name in TEXTS if name not in files]
    if not any(name in files for name in EVALUATED):
        missing.append(" or ".join(EVALUATED))
    if missing:
        raise DataError(f"reader 'beir' needs {', '.join(missing)}, which the manifest does not list; add it there")
    if all(name in files for name in EVALUATED):
        raise DataError(
            f"reader 'beir' has both {' and '.join(str(files[name]) for name in EVALUATED)}; "
            'add split = "dev" or split = "test" beside the reader in the manifest, or list one of the two files'
        )
    return files


def _passages(path: Path) -> dict[str, Passage]:
    passages: dict[str, Passage] = {}
    for where, row in json_lines(path, "_id", "text"):
        doc = validation.check_new_id(_id(row, where), passages, where, "document")
        passages[doc] = passage_of(row, f"{where}, document '{doc}'", COLUMNS)
    validation.check_not_empty(passages, str(path), "document")
    return passages


def _id(row: Mapping[str, Any], where: str) -> str:
    return validation.identifier(_value(row, "_id", where), where, "_id")


def _value(row: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in row:
        raise DataError(
            f"{where}: {key} is missing (the row has {', '.join(row) or 'no key'}); give every row its {key}"
        )
    return row[key]


def _queries(path: Path) -> dict[str, str]:
    queries: dict[str, str] = {}
    for where, row in json_lines(path, "_id", "text"):
        query = validation.check_new_id(_id(row, where), queries, where, "query")
        place = f"{where}, query '{query}'"
        queries[query] = validation.text(_value(row, "text", place), place, "text")
    validation.check_not_empty(queries, str(path), "query")
    return queries


def _judgments(path: Path | None, queries: Mapping[str, str]) -> Judgments:
    """Return the judgments of a file, none where there is no file; of a judged query, in the order of the file."""
    found: dict[str, dict[str, int]] = {}
    for where, (query, doc, grade) in judgments(path) if path is not None else ():
        validation.check_judgment((query, doc, grade), queries, where)
        if doc in found.setdefault(query, {}):
            raise DataError(f"{where}: duplicate judgment of '{doc}' for query '{query}'; keep one of them")
        found[query][doc] = grade
    return found
