"""Queries of a file, and the rows that are rejected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import CellError, DataError
from harness.keys import file_sha256
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers.query_file import find, read
from harness.writers.writing import write_queries

ROWS = [
    {"doc_id": "d1", "queries": ["what is tea?", "who drinks it?"]},
    {"passage": "Rice  is a grain.", "queries": ["what is rice?"]},
    {"doc_id": "d1", "queries": ["차는 무엇인가?"], "language": "ko"},
]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "queries.jsonl", [*ROWS])


def test_a_row_matches_a_passage_by_id_or_by_text(path: Path) -> None:
    matches = find(read(path), {"d1": "Tea.", "d3": "Rice is a grain."}, "en", path)
    assert matches == {"d1": ("what is tea?", "who drinks it?"), "d3": ("what is rice?",)}


def test_a_row_of_the_language_is_preferred_to_one_without_a_language(path: Path) -> None:
    assert find(read(path), {"d1": "Tea."}, "ko", path) == {"d1": ("차는 무엇인가?",)}


def test_passages_without_a_row_are_counted_in_one_line(path: Path) -> None:
    with pytest.raises(CellError) as error:
        find(read(path), {"d1": "Tea.", "d2": "Coffee.", "d4": "Salt."}, "en", path)
    assert str(error.value) == (
        f"queries file {path} has no queries for 2 of 3 passages of en (first: 'd2'); "
        "add rows for them, or name another writer"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"doc_id": "d1", "queries": ["a?"', "truncated or broken JSON"),
        ('["d1"]', "not a JSON object"),
        ('{"doc_id": "d1", "query": ["a?"]}', "unknown key 'query'; did you mean 'queries'?"),
        ('{"queries": ["a?"]}', "a row has either doc_id or passage"),
        ('{"doc_id": "d1", "passage": "Tea.", "queries": ["a?"]}', "a row has either doc_id or passage"),
        ('{"doc_id": "d1"}', "queries must be a list with at least one text"),
        ('{"doc_id": "d1", "queries": []}', "queries must be a list with at least one text"),
        ('{"doc_id": "d1", "queries": "a?"}', "queries must be a list with at least one text"),
        ('{"doc_id": "d1", "queries": [" "]}', "empty query"),
        ('{"doc_id": "d1", "queries": [7]}', "query is not a string"),
        ('{"doc_id": 7, "queries": ["a?"]}', "doc_id is not a string"),
        ('{"doc_id": "d0", "queries": ["a?"]}', "duplicate row for 'd0'"),
    ],
)
def test_an_invalid_row_is_reported_with_its_line_number(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(f'{{"doc_id": "d0", "queries": ["a?"]}}\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} line 2: {message}")
    assert "\n" not in str(error.value)


def test_a_file_that_is_empty_binary_or_absent_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name, message in (("empty", "has no rows"), ("bytes", "not UTF-8"), ("absent", "cannot be read")):
        with pytest.raises(DataError, match=message):
            read(tmp_path / name)


def test_all_queries_of_a_row_are_used_and_the_provenance_has_the_files_hash(path: Path, store: Store) -> None:
    writer = Writer(kind="file", path=path, sha256=file_sha256(path))
    written = write_queries(writer, {"d1": "Tea."}, "en", ("cpu", "write"), store)
    assert written.queries == {"d1": ("what is tea?", "who drinks it?")}
    assert written.provenance["sha256"] == file_sha256(path)
    assert written.provenance["asked"] == 0
    assert not (store.root / "answers").exists()


def test_a_file_that_changed_since_the_run_started_is_rejected(path: Path, store: Store) -> None:
    writer = Writer(kind="file", path=path, sha256=file_sha256(path))
    write(path, [{"doc_id": "d1", "queries": ["another?"]}])
    with pytest.raises(DataError, match="has changed since the run started; rerun"):
        write_queries(writer, {"d1": "Tea."}, "en", ("cpu", "write"), store)
