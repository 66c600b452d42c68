"""The user's training rows (--train-file): the option, and the file of one JSON object per line (train_row.py).

Either all rows with negatives have queries for them, or none has.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.text_files import json_lines, read_text
from harness.data.train_row import NEGATIVE_QUERIES, REQUIRED, Row, row_of
from harness.errors import DataError, RequestError, unknown
from harness.machine.file_hashes import file_sha256
from harness.request.manifest import TrainFile

OPTION = "--train-file"
WITHOUT_NEGATIVES = "without neg"


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
    rows = read(path)
    counts = {"rows": len(rows), WITHOUT_NEGATIVES: sum(not row.negatives for row in rows)}
    counts |= Counter(name for row in rows for name in row.optional)
    return TrainFile(
        path=path.absolute(),
        sha256=file_sha256(path),
        negative_queries=any(row.negative_queries for row in rows),
        negatives=any(row.negatives for row in rows),
        scores=all(row.scores for row in rows),
        counts={name: number for name, number in counts.items() if number},
        prompts=Counter(row.prompt for row in rows if row.prompt),
    )


def read(path: Path) -> list[Row]:
    """Return the rows of a train file; raises DataError, with the line, for the first invalid row."""
    rows: list[Row] = []
    first: Row | None = None  # with negatives
    try:
        for where, value in json_lines(path, *REQUIRED):
            row = row_of(value, where)
            rows.append(row)
            first = first or (row if row.negatives else None)
            if first is not None and row.negatives and bool(first.negative_queries) != bool(row.negative_queries):
                this_line, first_line = ("has no", "has") if first.negative_queries else ("has", "does not")
                raise DataError(
                    f"{where}: {this_line} '{NEGATIVE_QUERIES}' but {first.where.removeprefix(f'{path} ')} "
                    f"{first_line}; give it in all rows or in none"
                )
    except DataError:
        if not rows:
            _check_layout(path)
        raise
    validation.check_not_empty(rows, str(path), "training row")
    return rows


def _check_layout(path: Path) -> None:
    """Raise DataError for a JSON array and for a table, with what makes JSON lines of it."""
    first_line = read_text(path).lstrip("\ufeff \r\n").partition("\n")[0].strip()
    if first_line.startswith("["):
        rows = "json.loads(pathlib.Path(sys.argv[1]).read_bytes())"
        code = f"import json, pathlib, sys; [print(json.dumps(row)) for row in {rows}]"
        raise DataError(
            f"{path} is a JSON array, and one JSON object per line is read; "
            f'convert it: python -c "{code}" {shlex.quote(str(path))} > rows.jsonl'
        )
    delimiter = "\t" if "\t" in first_line else ","
    names = [name.strip().strip('"') for name in first_line.split(delimiter)]
    if not first_line.startswith("{") and len(names) > 1:
        example = json.dumps({"query": "text", "pos": ["relevant text"], "neg": ["other text"]})
        raise DataError(
            f"{path} is a table ({', '.join(names[:6])}), and one JSON object per line is read; "
            f"write each row as {example}, texts of one query in one list"
        )
