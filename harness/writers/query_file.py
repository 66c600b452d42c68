"""Queries read from a JSON Lines file with rows of

    {"doc_id": "d1", "queries": ["...", "..."]}       or       {"passage": "its text", "queries": ["..."]}

and an optional "language" in both, for files of several languages that share ids. All queries of a row are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.data.text_files import read_text
from harness.data.validation import normalized, string, text
from harness.errors import CellError, DataError, unknown
from harness.machine.json_toml import parse_row

KEYS = ("doc_id", "passage", "queries", "language")
Rows = Mapping[tuple[str, str], tuple[str, ...]]
"""(language or "", "id:<doc_id>" or "text:<folded passage>") → queries."""


def read(path: Path) -> Rows:
    """Return the rows of a file; raises DataError with the line number of an invalid row."""
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    try:
        lines = read_text(path).split("\n")
    except DataError as error:
        raise DataError(f"queries file {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        language, name, queries = _row(line, where)
        if (language, name) in rows:
            raise DataError(f"{where}: duplicate row for {name.partition(':')[2][:60]!r}; merge the two rows")
        rows[language, name] = queries
    if not rows:
        raise DataError(f"queries file {path} has no rows; name another file")
    return rows


def _row(line: str, where: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        row = parse_row(line)
    except ValueError as error:
        raise DataError(f"{where}: truncated or broken JSON ({error}); correct the row") from error
    if not isinstance(row, dict):
        raise DataError(f"{where}: not a JSON object; a row has queries, and doc_id or passage")
    for key in row:
        if key not in KEYS:
            raise DataError(f"{where}: {unknown('key', key, KEYS)}")
    if ("doc_id" in row) == ("passage" in row):
        raise DataError(f"{where}: a row has either doc_id or passage; give one of them")
    queries = row.get("queries")
    if not isinstance(queries, list) or not queries:
        raise DataError(f"{where}: queries must be a list with at least one text; correct the row")
    if "doc_id" in row:
        name = f"id:{string(row['doc_id'], where, 'doc_id')}"
    else:
        name = f"text:{normalized(text(row['passage'], where, 'passage'))}"
    language = string(row.get("language", ""), where, "language")
    return language, name, tuple(dict.fromkeys(normalized(text(query, where, "query")) for query in queries))


def find(rows: Rows, passages: Mapping[str, str], language: str, path: Path) -> dict[str, tuple[str, ...]]:
    """Return passage id → its queries; raises CellError if a passage has none.

    A row of the language comes before a row without a language, a row by id before a row by text.
    """
    matches: dict[str, tuple[str, ...]] = {}
    for doc in sorted(passages):
        names = (f"id:{doc}", f"text:{normalized(passages[doc])}")
        row = next(((at, name) for at in (language, "") for name in names if (at, name) in rows), None)
        if row is not None:
            matches[doc] = rows[row]
    if absent := [doc for doc in sorted(passages) if doc not in matches]:
        raise CellError(
            f"queries file {path} has no queries for {len(absent)} of {len(passages)} passages of {language} "
            f"(first: '{absent[0]}'); add rows for them, or name another writer"
        )
    return matches
