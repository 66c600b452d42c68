"""Training rows of the user's own, in the published format of arXiv 2412.17364: one JSON object a line.

    {"query": str, "pos": [str, …], "neg": [str, …], "neg_q": [str, …]}

`neg_q[j]` is a query to which `neg[j]` is the answer; all rows have it or none. The rows take the place of the suite's
own training queries: their texts are the pool that training reads, under ids made of their content.
"""

from __future__ import annotations

import difflib
import hashlib
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.text_files import json_lines
from harness.errors import DataError, RequestError, unknown
from harness.keys import derive, file_sha256
from harness.request.manifest import TrainFile
from harness.types import Data

OPTION = "--train-file"
REQUIRED = ("query", "pos", "neg")
NEGATIVE_QUERIES = "neg_q"


@dataclass(frozen=True)
class Row:
    """One line of a train file; `where` is its file and line."""

    where: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]
    negative_queries: tuple[str, ...] = ()  # of each negative; empty where the file has none


def declare(option: str, languages: Sequence[str], known: Collection[str]) -> dict[str, TrainFile]:
    """Return language → file of `PATH`, for the one language of a request, or of `ko=PATH,hi=PATH`.

    `languages` are those of the request, `known` those of the suite. The files are read and checked. Raises
    RequestError for what names no language of the request, and DataError for a file that is not as it must be.
    """
    return {language: _declared(path) for language, path in _paths(option, languages, known).items()}


def _paths(option: str, languages: Sequence[str], known: Collection[str]) -> dict[str, Path]:
    named = [part.partition("=") for part in option.split(",")]
    if not any(equals and language.strip() in known for language, equals, _ in named):
        if len(languages) == 1:
            return {languages[0]: Path(option)}
        choices = ",".join(f"{language}=PATH" for language in languages)
        raise RequestError(f"{OPTION} {option}: of several languages each has a file of its own; give {choices}")
    paths: dict[str, Path] = {}
    for language, equals, path in ((name.strip(), equals, path.strip()) for name, equals, path in named):
        if not (equals and path):
            raise RequestError(f"{OPTION} {option}: want LANGUAGE=PATH, parted by commas, such as ko=rows.jsonl")
        if language not in languages:
            raise unknown("language", language, languages, where=OPTION)
        if language in paths:
            raise RequestError(f"{OPTION} {option}: {language} is given twice; join its files into one")
        paths[language] = Path(path)
    return paths


def _declared(path: Path) -> TrainFile:
    rows = read(path)
    answered = bool(rows[0].negative_queries)
    return TrainFile(path=path.absolute(), sha256=file_sha256(path), negative_queries=answered)


def read(path: Path) -> list[Row]:
    """Return the rows of a train file; raises DataError, with the line, for the first that is not as it must be."""
    rows: list[Row] = []
    for where, value in json_lines(path):
        rows.append(_row(value, where))
        if bool(rows[0].negative_queries) != bool(rows[-1].negative_queries):
            has, had = ("no", "one") if rows[0].negative_queries else ("a", "none")
            raise DataError(
                f"{where}: {has} '{NEGATIVE_QUERIES}', and line 1 has {had}; give it to all rows or to none"
            )
    validation.some(rows, str(path), "training row")
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
    relevant = {validation.fold(text) for text in positives}
    for number, text in enumerate(negatives):
        if validation.fold(text) in relevant:
            raise DataError(f"{where}: neg[{number}] is also in 'pos'; a passage is either: delete it from one")
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


def apply(data: Data, file: TrainFile, most: int | None = None) -> Data:
    """Return the data with the file's rows in place of the training queries, at most `most` of them by a seeded draw.

    Passages, dev queries and NLI triples stay. Raises DataError where the file has changed since it was declared, and
    for a query of it that is asked in dev.
    """
    if not file.path.is_file() or file_sha256(file.path) != file.sha256:
        raise DataError(f"{file.path} is gone or has changed since the run was planned; give the command again")
    rows = read(file.path)
    _refuse_dev(rows, data)
    pool: dict[str, str] = {}
    extra: dict[str, dict[str, None]] = {}
    for row in rows:
        pool |= {content_id(text): text for text in (*row.positives, *row.negatives)}
        for negative, query in zip(row.negatives, row.negative_queries, strict=False):
            extra.setdefault(content_id(negative), {})[query] = None
    kept = {f"row-{number:07d}": row for number, row in enumerate(rows, start=1)}  # ids in the order of the file
    if most is not None and most < len(kept):
        drawn = set(random.Random(derive(0, "max-train", data.language)).sample(sorted(kept), most))
        kept = {query: row for query, row in kept.items() if query in drawn}
    queries = {query: text for query, text in data.queries.items() if query in data.dev}
    for query in kept:
        validation.new(query, queries, f"{file.path}", "query")
    return replace(
        data,
        queries=dict(sorted({**queries, **{query: row.query for query, row in kept.items()}}.items())),
        train={query: _ids(row.positives) for query, row in kept.items()},
        extra_queries={doc: tuple(texts) for doc, texts in sorted(extra.items())},
        pool=dict(sorted(pool.items())),
        mined={query: _ids(row.negatives) for query, row in kept.items()},
    )


def _refuse_dev(rows: Sequence[Row], data: Data) -> None:
    asked = {validation.fold(data.queries[query]): query for query in data.dev}
    for row in rows:
        named = {"query": row.query} | {f"{NEGATIVE_QUERIES}[{j}]": text for j, text in enumerate(row.negative_queries)}
        for name, text in named.items():
            if (twin := asked.get(validation.fold(text))) is not None:
                raise DataError(f"{row.where}: {name} has the text of dev query '{twin}'; delete it from the file")


def _ids(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(content_id(text) for text in texts))


def content_id(text: str) -> str:
    """Return the id of a text of a train file: the first 96 bits of its sha256, in hexadecimal."""
    return f"text-{hashlib.sha256(text.encode()).hexdigest()[:24]}"
