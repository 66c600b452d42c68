"""run.json: read into typed tables, tolerant of other versions, strict about types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.commands import REPOSITORY

from harness.errors import DataError
from harness.results.run_file import RunFile, read_run_file

COMMITTED = ["mini", "wikiqa", "wikiqa-experts", "wikiqa-penalty"]


def run_file(folder: Path, content: object) -> RunFile:
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    return read_run_file(folder)


@pytest.mark.parametrize("name", COMMITTED)
def test_the_request_of_a_committed_folder_is_read_and_written_back_unchanged(name: str) -> None:
    run = read_run_file(REPOSITORY / "results" / name)
    assert run.request is not None
    assert run.request.to_json() == run.content["request"]
    assert run.suite is not None
    assert (run.suite.tier, run.resolved.primary, run.resolved.languages) == ("full", "nDCG@10", ("ko", "hi", "fa"))


def test_a_folder_without_run_json_has_neither_request_nor_suite(tmp_path: Path) -> None:
    run = read_run_file(tmp_path)
    assert (run.request, run.suite, run.content, run.suite_content) == (None, None, {}, {})


def test_keys_of_another_version_are_kept_in_the_content(tmp_path: Path) -> None:
    content = {"later": {"table": 1}, "suite": {"tier": "full", "later": 2}, "resolved": {"later": 3}}
    run = run_file(tmp_path, content)
    assert run.content == content
    assert run.suite_content["later"] == 2


def test_what_an_older_run_json_lacks_has_a_default(tmp_path: Path) -> None:
    run = run_file(tmp_path, {"request": {"methods": ["mnrl"]}, "suite": {}})
    assert run.request is not None
    assert (run.request.methods, run.request.settings, run.request.train_file) == (("mnrl",), (), None)
    assert run.suite is not None
    assert (run.suite.tier, run.suite.base_model.id, run.suite.max_train) == ("", "", None)
    assert run.resolved.seeds is None


@pytest.mark.parametrize(
    "content",
    [
        {"suite": {"title": "a\udc80"}},
        {"suite": {"later": ["\ud800"]}},
        {"suite": {"title": "a"}, "resolved": {"models": {"small": {"changes": {"later": "\ud800"}}}}},
    ],
)
def test_a_suite_that_has_no_digest_is_one_line(tmp_path: Path, content: object) -> None:
    with pytest.raises(DataError, match=r"run\.json: suite holds a lone surrogate, half a character; run the request"):
        run_file(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], "does not hold a JSON object"),
        ({"resolved": {"seeds": "0,1"}}, r"resolved\.seeds: "),
        ({"suite": {"base_model": "bge-m3"}}, r"suite\.base_model: "),
        ({"request": {"seeds": "0,1"}}, r"request\.seeds"),
        ({"request": []}, "request is not a JSON object"),
        ({"request": {"sets": []}}, r"request\.sets: unknown key"),
    ],
)
def test_a_table_of_the_wrong_type_is_one_line_that_names_the_file(
    tmp_path: Path, content: object, problem: str
) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        run_file(tmp_path, content)
    assert str(tmp_path / "run.json") in str(caught.value)
    assert "\n" not in str(caught.value)
