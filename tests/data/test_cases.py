"""The inputs of ../shared/cases that are about data: what is right there holds. Elsewhere there are smaller ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, invoke, read_json

from harness.data.load import load_reported
from harness.errors import DataError
from harness.execution import plan
from harness.request.request import Request

CASES = REPOSITORY.parent / "shared/cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not here")

PLAIN = "crlf/crlf"  # the suite that the others vary


def loaded(case: str, cache: Path) -> tuple[Any, dict[str, int]]:
    """Return the data of a case and their report, without --data-dir."""
    name = case if "/" in case else f"{case}/{case}"
    suite = plan.make(Request(suite=str(CASES / f"{name}.toml"), methods=("bm25",)), cache).suite
    return load_reported(suite, next(iter(suite.languages)), cache_dir=cache)


@pytest.mark.parametrize(
    "case",
    ["blank-line", "bom-corpus", "bom-qrels", "crlf/bommed", "gz-corpus", "trec-qrels-tab"],
)
def test_marks_blank_lines_gzip_and_trec_judgments_change_nothing(case: str, tmp_path: Path) -> None:
    data, plain = loaded(case, tmp_path)[0], loaded(PLAIN, tmp_path)[0]
    assert (data.passages, data.queries) == (plain.passages, plain.queries)
    relevant = [
        {query: {doc for doc, grade in grades.items() if grade > 0} for query, grades in of.dev.items()}
        for of in (data, plain)
    ]
    assert (data.train, relevant[0].keys()) == (plain.train, relevant[1].keys())


def test_the_three_layouts_of_trec_are_equal(tmp_path: Path) -> None:
    data = [loaded(f"trec-qrels{form}", tmp_path)[0] for form in ("", "-tab", "-headed")]
    assert data[0] == data[1] == data[2]


def test_grades_metadata_and_titles_are_read(tmp_path: Path) -> None:
    data, _ = loaded("graded-metadata", tmp_path)
    assert {grade for grades in data.dev.values() for grade in grades.values()} == {0, 1, 2}


def test_a_title_alone_is_a_text_and_an_empty_passage_is_kept_and_counted(tmp_path: Path) -> None:
    titled, report = loaded("title-only", tmp_path)
    assert ("passages without a text" in report, all(titled.passages.values())) == (False, True)
    data, report = loaded("empty-doc", tmp_path)
    assert (len(data.passages), data.passages["empty-1"]) == (73, "")
    assert report["passages without a text"] == 1


@pytest.mark.parametrize("case", ["test-only", "empty-train"])
def test_data_without_training_queries_are_evaluated_and_not_trained_on(case: str, tmp_path: Path) -> None:
    data, _ = loaded(case, tmp_path)
    assert (len(data.dev), data.train) == (72, {})
    run = ("run", "--suite", CASES / case / f"{case}.toml", "--seeds", "0", "--out", tmp_path / "out")
    refused = invoke(*run, "--methods", "base,bm25,mnrl")
    assert (refused.status, f"mnrl on suite {case}, en: no training queries" in refused.line) == (2, True)


def test_a_duplicate_query_text_is_left_out_of_training_and_counted(tmp_path: Path) -> None:
    data, report = loaded("dup-query-text", tmp_path)
    assert len(data.train) == 143
    assert report["training queries with the text of a dev query"] == 1


def test_an_absent_passage_is_counted_after_the_advice_is_followed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="state missing_positives = 1 beside the source's reader"):
        loaded("unknown-doc", tmp_path)
    text = (CASES / "unknown-doc/unknown-doc.toml").read_text(encoding="utf-8")
    manifest = tmp_path / "unknown-doc.toml"
    manifest.write_text(text.replace('reader = "beir"', 'reader = "beir"\nmissing_positives = 1'), encoding="utf-8")
    options = ("--data-dir", CASES / "unknown-doc", "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    assert invoke("run", "--suite", manifest, *options).status == 0
    record = read_json(tmp_path / "out/records/bm25/en/0.json")
    assert record["provenance"]["rows"]["relevant passages that the corpus lacks"] == 1


@pytest.mark.parametrize("name", ["lang-slash", "lang-dots"])
def test_a_language_that_is_not_a_tag_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a language tag"):
        loaded(f"lang-slash/{name}", tmp_path)
