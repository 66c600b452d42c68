"""The user's training rows (--train-file), in the published format of arXiv 2412.17364: one JSON object per line.

    {"query": str, "pos": [str, …], "neg": [str, …], "neg_q": [str, …]}

`neg_q[j]` is a query that `neg[j]` answers; either all rows have it or none.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.text_files import json_lines
from harness.errors import DataError, RequestError, unknown
from harness.keys import file_sha256
from harness.request.manifest import TrainFile

OPTION = "--train-file"
REQUIRED = ("query", "pos", "neg")
NEGATIVE_QUERIES = "neg_q"


@dataclass(frozen=True)
class Row:
    """One line of a train file; `where` names its file and line."""

    where: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]
    negative_queries: tuple[str, ...] = ()  # one per negative; empty if the file has none


def declare(option: str, languages: Sequence[str], known: Collection[str]) -> dict[str, TrainFile]:
    """Return language → file of `PATH`, for the one language of a request, or of `ko=PATH,hi=PATH`.

    `languages` are the request's, `known` the suite's. The files are read and checked. Raises RequestError for an
    option that does not fit the languages, and DataError for an invalid file.
    """
    return {language: _declared(path) for language, path in _paths(option, languages, known).items()}


def _paths(option: str, languages: Sequence[str], known: Collection[str]) -> dict[str, Path]:
    parts = [part.partition("=") for part in option.split(",")]
    if not any(equals and language.strip() in known for language, equals, _ in parts):
        if len(languages) == 1:
            return {languages[0]: Path(option)}
        choices = ",".join(f"{language}=PATH" for language in languages)
        raise RequestError(f"{OPTION} {option}: with several languages each needs its own file; pass {choices}")
    paths: dict[str, Path] = {}
    for language, equals, path in ((name.strip(), equals, path.strip()) for name, equals, path in parts):
        if not (equals and path):
            raise RequestError(f"{OPTION} {option}: expected comma-separated LANGUAGE=PATH, such as ko=rows.jsonl")
        if language not in languages:
            raise unknown("language", language, languages, where=OPTION)
        if language in paths:
            raise RequestError(f"{OPTION} {option}: {language} is given twice; join its files into one")
        paths[language] = Path(path)
    return paths


def _declared(path: Path) -> TrainFile:
    first = read(path)[0]
    return TrainFile(path=path.absolute(), sha256=file_sha256(path), negative_queries=bool(first.negative_queries))


def read(path: Path) -> list[Row]:
    """Return the rows of a train file; raises DataError, with the line, for the first invalid row."""
    rows: list[Row] = []
    for where, value in json_lines(path):
        rows.append(_row(value, where))
        if bool(rows[0].negative_queries) != bool(rows[-1].negative_queries):
            this_line, first_line = ("has no", "has") if rows[0].negative_queries else ("has", "does not")
            raise DataError(
                f"{where}: {this_line} '{NEGATIVE_QUERIES}' but line 1 {first_line}; give it in all rows or in none"
            )
    validation.check_not_empty(rows, str(path), "training row")
    return rows


def _row(value: Mapping[str, Any], where: str) -> Row:
    _check_keys(value, where)
    positives = _texts(value["pos"], "pos", where)
    negatives = _texts(value["neg"], "neg", where)
    queries = _texts(value[NEGATIVE_QUERIES], NEGATIVE_QUERIES, where) if NEGATIVE_QUERIES in value else ()
    if queries and len(queries) != len(negatives):
        raise DataError(
            f"{where}: 'neg' holds {len(negatives)} and '{NEGATIVE_QUERIES}' {len(queries)}; "
            f"{NEGATIVE_QUERIES}[j] is the query that neg[j] answers: give one for each"
        )
    relevant = {validation.normalized(text) for text in positives}
    for number, text in enumerate(negatives):
        if validation.normalized(text) in relevant:
            raise DataError(f"{where}: neg[{number}] is also in 'pos'; delete it from one of them")
    return Row(where, validation.text(value["query"], where, "'query'").strip(), positives, negatives, queries)


def _check_keys(value: Mapping[str, Any], where: str) -> None:
    known = (*REQUIRED, NEGATIVE_QUERIES)
    for name in value:
        if name not in known:
            near = difflib.get_close_matches(name, [other for other in known if other not in value], n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else "delete it;"
            raise DataError(f"{where}: unknown key '{name}'; {hint} a row has {', '.join(known)}")
    for name in REQUIRED:
        if name not in value:
            raise DataError(f"{where}: key '{name}' is missing; a row has {', '.join(REQUIRED)}")


def _texts(value: object, name: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise DataError(f"{where}: '{name}' is {type(value).__name__}, not a list of texts; correct the row")
    if not value:
        raise DataError(f"{where}: '{name}' is an empty list; give it a text or delete the row")
    return tuple(validation.text(text, where, f"{name}[{number}]").strip() for number, text in enumerate(value))
