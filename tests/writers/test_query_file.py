"""Queries that lie in a file, and what is refused in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import CellError, DataError
from harness.keys import file_sha256
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import written
from harness.writers.query_file import find, read

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


def test_a_row_is_found_by_its_id_or_by_the_passages_text(path: Path) -> None:
    found = find(read(path), {"d1": "Tea.", "d3": "Rice is a grain."}, "en", path)
    assert found == {"d1": ("what is tea?", "who drinks it?"), "d3": ("what is rice?",)}


def test_a_row_of_the_language_comes_before_one_of_all(path: Path) -> None:
    assert find(read(path), {"d1": "Tea."}, "ko", path) == {"d1": ("차는 무엇인가?",)}


def test_a_passage_without_a_row_is_one_line(path: Path) -> None:
    with pytest.raises(CellError) as error:
        find(read(path), {"d1": "Tea.", "d2": "Coffee.", "d4": "Salt."}, "en", path)
    assert str(error.value) == (
        f"queries file {path} has no queries for 2 of 3 passages of en (first: 'd2'); "
        "add rows for them, or name another writer"
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"doc_id": "d1", "queries": ["a?"', "truncated or broken JSON"),
        ('["d1"]', "no JSON object"),
        ('{"doc_id": "d1", "query": ["a?"]}', "unknown key 'query'; did you mean 'queries'?"),
        ('{"queries": ["a?"]}', "wants either doc_id or passage"),
        ('{"doc_id": "d1", "passage": "Tea.", "queries": ["a?"]}', "wants either doc_id or passage"),
        ('{"doc_id": "d1"}', "queries is no list with something in it"),
        ('{"doc_id": "d1", "queries": []}', "queries is no list with something in it"),
        ('{"doc_id": "d1", "queries": "a?"}', "queries is no list with something in it"),
        ('{"doc_id": "d1", "queries": [" "]}', "empty query"),
        ('{"doc_id": "d1", "queries": [7]}', "query is not a string"),
        ('{"doc_id": 7, "queries": ["a?"]}', "doc_id is not a string"),
        ('{"doc_id": "d0", "queries": ["a?"]}', "a second row for 'd0'"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text(f'{{"doc_id": "d0", "queries": ["a?"]}}\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} line 2: {what}")
    assert "\n" not in str(error.value)


def test_an_empty_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name, what in (("empty", "holds no row"), ("bytes", "cannot be read"), ("absent", "cannot be read")):
        with pytest.raises(DataError, match=what):
            read(tmp_path / name)


def test_all_queries_of_a_row_count_and_the_files_hash_is_its_identity(path: Path, store: Store) -> None:
    writer = Writer(kind="file", path=path, sha256=file_sha256(path))
    found = written(writer, {"d1": "Tea."}, "en", ("cpu", "write"), store)
    assert found.queries == {"d1": ("what is tea?", "who drinks it?")}
    assert found.provenance["sha256"] == file_sha256(path)
    assert found.provenance["asked"] == 0
    assert not (store.root / "answers").exists()


def test_a_file_that_changed_after_the_request_is_refused(path: Path, store: Store) -> None:
    writer = Writer(kind="file", path=path, sha256=file_sha256(path))
    write(path, [{"doc_id": "d1", "queries": ["another?"]}])
    with pytest.raises(DataError, match="has changed since the request"):
        written(writer, {"d1": "Tea."}, "en", ("cpu", "write"), store)
