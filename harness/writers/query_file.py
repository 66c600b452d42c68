"""Queries that lie in a file: JSON lines of

    {"doc_id": "d1", "queries": ["...", "..."]}       or       {"passage": "its text", "queries": ["..."]}

with an optional "language" in either, for files of several languages whose ids meet. All queries of a row count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness.data.validation import fold, string, text
from harness.errors import CellError, DataError, unknown

KEYS = ("doc_id", "passage", "queries", "language")
Rows = Mapping[tuple[str, str], tuple[str, ...]]
"""(language or "", "id:" and an id, or "text:" and a folded passage) → queries."""


def read(path: Path) -> Rows:
    """Return the rows of a file; raises DataError with the line for whatever is wrong in it."""
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"queries file {path} cannot be read: {error}; name another one") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        language, name, queries = _row(line, where)
        if (language, name) in rows:
            raise DataError(f"{where}: a second row for {name.partition(':')[2][:60]!r}; put its queries into one")
        rows[language, name] = queries
    if not rows:
        raise DataError(f"queries file {path} holds no row; name another one")
    return rows


def _row(line: str, where: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: truncated or broken JSON ({error}); correct the row") from error
    if not isinstance(row, dict):
        raise DataError(f"{where}: no JSON object; give doc_id or passage, and queries")
    for key in row:
        if key not in KEYS:
            raise DataError(f"{where}: {unknown('key', key, KEYS)}")
    if ("doc_id" in row) == ("passage" in row):
        raise DataError(f"{where}: wants either doc_id or passage")
    queries = row.get("queries")
    if not isinstance(queries, list) or not queries:
        raise DataError(f"{where}: queries is no list with something in it; correct the row")
    named = f"id:{string(row['doc_id'], where, 'doc_id')}" if "doc_id" in row else None
    name = named or f"text:{fold(text(row['passage'], where, 'passage'))}"
    language = string(row.get("language", ""), where, "language")
    return language, name, tuple(dict.fromkeys(fold(text(query, where, "query")) for query in queries))


def find(rows: Rows, passages: Mapping[str, str], language: str, path: Path) -> dict[str, tuple[str, ...]]:
    """Return passage id → its queries; raises CellError where a passage has none."""
    found: dict[str, tuple[str, ...]] = {}
    for doc in sorted(passages):
        names = (f"id:{doc}", f"text:{fold(passages[doc])}")
        queries = [rows[at, name] for at in (language, "") for name in names if (at, name) in rows]
        if queries:
            found[doc] = queries[0]
    if absent := [doc for doc in sorted(passages) if doc not in found]:
        raise CellError(
            f"queries file {path} has no queries for {len(absent)} of {len(passages)} passages of {language} "
            f"(first: '{absent[0]}'); add rows for them, or name another writer"
        )
    return found
