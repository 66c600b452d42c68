"""Rows that a paper's authors published: fetched, verified by the hash of their git blob, and read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.authors_rows import declared, lines, row, with_published_rows, written
from support.download_server import Server

from harness.data.declared_files import fetch, path_of, status
from harness.data.file_status import Lookup
from harness.data.published_rows_file import read
from harness.data.published_rows_file import with_published_rows as data_with_rows
from harness.data.suite_files import fetch as fetch_suite
from harness.errors import DataError
from harness.keys import git_blob_sha1
from harness.request.suite import Suite
from harness.types import Data

NO_TEXTS: frozenset[str] = frozenset()
DATA = Data(
    language="ko",
    passages={"d1": "a passage"},
    queries={"t1": "suite query", "v1": "dev  query"},
    train={"t1": ("d1",)},
    dev={"v1": {"d1": 1}},
)


def file_of(tmp_path: Path, rows: list[Any]) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(lines(rows))
    return path


def test_the_hash_is_that_of_git(tmp_path: Path) -> None:
    (tmp_path / "hello").write_bytes(b"hello\n")
    assert git_blob_sha1(tmp_path / "hello") == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object


def test_a_file_is_fetched_into_the_cache_and_its_size_is_shown(server: Server, tmp_path: Path) -> None:
    server.content = lines([row(1), row(2)])
    file = declared(server.content, server.url)
    assert status(file, "ko", Lookup(None, tmp_path)).state == "missing"
    fetch(file, Lookup(None, tmp_path))
    state = status(file, "ko", Lookup(None, tmp_path))
    assert (state.state, state.bytes, state.expected) == ("present", len(server.content), f"git:{file.git_blob}")
    assert Path(state.location).read_bytes() == server.content
    assert path_of(file, Lookup(None, tmp_path)) == Path(state.location)


def test_a_download_with_another_hash_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.content = lines([row(1)])
    file = declared(lines([row(2)]), server.url)
    with pytest.raises(DataError, match="does not match the hash in the manifest: expected git blob") as caught:
        fetch(file, Lookup(None, tmp_path))
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


def test_a_cut_download_is_resumed_and_verified(server: Server, tmp_path: Path) -> None:
    server.content = lines([row(number) for number in range(300)])
    server.cuts = [20_000]
    fetch(declared(server.content, server.url), Lookup(None, tmp_path))
    assert "Range" in server.requests[1]


def test_a_file_of_the_user_with_another_hash_is_rejected(tmp_path: Path) -> None:
    file = declared(lines([row(1)]))
    folder = written(tmp_path, lines([row(2)]))
    with pytest.raises(DataError, match=f"is damaged: expected git {file.git_blob}") as caught:
        path_of(file, Lookup(folder, tmp_path / "cache"))
    assert "\n" not in str(caught.value)


def test_the_suite_fetches_the_rows_with_its_other_files(
    server: Server, suite: Callable[..., Suite], tmp_path: Path
) -> None:
    server.content = lines([row(1)])
    (tmp_path / "a.json").write_bytes(b"{}")
    tiny = suite([tmp_path / "a.json"], {"passages": 1, "train_queries": 1, "dev_queries": 1}, reader="squad")
    tiny = with_published_rows(tiny, declared(server.content, server.url))
    states = fetch_suite(tiny, data_dir=tmp_path, cache_dir=tmp_path / "cache")
    assert [state.state for state in states] == ["present", "present"]
    assert states[1].file == "clp/ko_CLPL_train_data.jsonl"


def test_incomplete_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    shorter = {**row(3), "neg_q": ["one query"]}
    without = {name: value for name, value in row(4).items() if name != "neg_q"}
    further = {**row(5), "score": 0.5}
    result = read(file_of(tmp_path, [row(1), {**row(2), "pos": []}, shorter, without, further]), NO_TEXTS)
    assert [read_row.query for read_row in result.rows] == ["query 1", "query 5"]
    assert result.counts == {
        "lines": 5,
        "rows": 2,
        "incomplete": 3,
        "dev_queries": 0,
        "negatives_with_dev_queries": 0,
    }


def test_texts_of_dev_queries_are_left_out_and_counted(tmp_path: Path) -> None:
    result = read(file_of(tmp_path, [row(1), row(2)]), frozenset({"query 1", "answered 2 0"}))
    (kept,) = result.rows
    assert kept.negatives == tuple(f"negative 2 {place}" for place in range(1, 6))
    assert kept.negative_queries == tuple(f"answered 2 {place}" for place in range(1, 6))
    assert (result.counts["dev_queries"], result.counts["negatives_with_dev_queries"]) == (1, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"query": "q"', "line 2: truncated or broken JSON"),
        ('["q"]', "line 2"),
        ('{"query": "q", "pos": "p", "neg": ["n"], "neg_q": ["a"]}', "line 2: 'pos' is str, not a list of texts"),
        ('{"query": "q", "pos": ["p"], "neg": [1], "neg_q": ["a"]}', r"line 2: neg\[0\] is not a string"),
        ('{"query": 7, "pos": ["p"], "neg": ["n"], "neg_q": ["a"]}', "line 2: 'query' is not a string"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row(1)) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read(path, NO_TEXTS)
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)


def test_a_file_without_a_whole_row_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none of its 1 lines is a whole row"):
        read(file_of(tmp_path, [{"query": "q"}]), NO_TEXTS)


def test_a_negative_keeps_the_queries_of_its_own_row_and_its_repetitions(tmp_path: Path) -> None:
    first = {"query": "q1", "pos": ["p1"], "neg": ["n", "n", "m"], "neg_q": ["a", "b", "c"]}
    second = {"query": "q2", "pos": ["p2"], "neg": ["n"], "neg_q": ["d"]}
    data = data_with_rows(DATA, read(file_of(tmp_path, [first, second]), NO_TEXTS).rows)
    assert set(data.train) == {"row-0000001", "row-0000002"}
    doc, repeated, _ = data.mined["row-0000001"]
    assert doc == repeated
    assert data.mined_queries["row-0000001", doc] == ("a", "b")
    assert data.mined_queries["row-0000002", doc] == ("d",)
    assert "v1" in data.queries
    assert "t1" not in data.queries
