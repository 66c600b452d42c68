"""A result folder is read once, checked as a whole, and answers the same for every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.fake_records import board, draw, put, put_failed

from harness.errors import DataError
from harness.results.checksums import seal
from harness.results.folder import read_result_folder


def test_records_failures_and_scores_are_read_by_name(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    put_failed(tmp_path, ("mnrl", "ko", 2), "out of memory")
    results = read_result_folder(tmp_path)
    assert [record.name for record in results.records] == ["base/ko/0", "mnrl/ko/0", "mnrl/ko/1"]
    assert [record.name for record in results.failures] == ["mnrl/ko/2"]
    assert results.scores.keys() == {"base/ko/0", "mnrl/ko/0", "mnrl/ko/1"}
    assert {pair: len(records) for pair, records in results.records_by_pair.items()} == {
        ("base", "ko"): 1,
        ("mnrl", "ko"): 2,
    }


def test_scores_of_a_record_are_by_query_id(tmp_path: Path) -> None:
    scores = {"AP": {"b": 0.5, "a": 1.0}, "RR": {"a": 0.25, "b": 0.0}}
    record = put(tmp_path, ("mnrl", "ko", 0), scores)
    assert read_result_folder(tmp_path).scores_by_query(record, "RR") == {"a": 0.25, "b": 0.0}


def test_an_entry_trains_if_one_of_its_records_has_a_trained_model(tmp_path: Path) -> None:
    results = read_result_folder(board(tmp_path, ["base", "mnrl"], {"ko": 5, "hi": 5}, [0]))
    assert (results.trains("mnrl"), results.trains("base"), results.trains("clpl")) == (True, False, False)
    assert (results.trains_pair(("mnrl", "hi")), results.trains_pair(("base", "hi"))) == (True, False)


def primary(folder: Path, *, resolved: str | None = None, recorded: str | None = None) -> str:
    """Return the primary measure of a folder whose run.json and record name one each, or none."""
    provenance = {"evaluation": {"primary": recorded}} if recorded else {}
    put(folder, ("base", "ko", 0), draw("base", "ko", 0, 5, ("RR@10", "AP", "R@100")), provenance=provenance)
    run = {"resolved": {"primary": resolved}} if resolved else {}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return read_result_folder(folder).primary


def test_the_primary_measure_is_that_of_run_json_then_of_the_records_then_the_first(tmp_path: Path) -> None:
    assert primary(tmp_path / "a", resolved="AP", recorded="R@100") == "AP"
    assert primary(tmp_path / "b", recorded="R@100") == "R@100"
    assert primary(tmp_path / "c") == "RR@10"


def test_a_primary_measure_that_was_not_measured_is_passed_over(tmp_path: Path) -> None:
    assert primary(tmp_path, resolved="nDCG@10", recorded="AP") == "AP"


def test_the_languages_are_those_of_the_request_then_those_with_a_record(tmp_path: Path) -> None:
    put(tmp_path, ("base", "fa", 0), draw("base", "fa", 0, 5))
    put_failed(tmp_path, ("mnrl", "de", 0), "out of memory")
    (tmp_path / "run.json").write_text('{"resolved": {"languages": ["ko", "fa"]}}', encoding="utf-8")
    assert read_result_folder(tmp_path).languages == ("ko", "fa", "de")


def test_a_record_that_names_another_number_of_queries_than_it_has_scores_is_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5), n_queries=6)
    with pytest.raises(DataError, match=r"record base/ko/0 in .* names 6 queries and has scores of 5; run it again"):
        read_result_folder(tmp_path)


def test_records_of_different_definitions_of_a_suite_are_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5), provenance={"suite_digest": "a" * 64})
    put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 5), provenance={"suite_digest": "b" * 64})
    with pytest.raises(DataError, match="holds records of different definitions of the suite"):
        read_result_folder(tmp_path).check_unchanged()


def test_a_definition_in_run_json_other_than_that_of_the_records_is_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5), provenance={"suite_digest": "a" * 64})
    (tmp_path / "run.json").write_text('{"suite": {"name": "fake"}}', encoding="utf-8")
    with pytest.raises(DataError, match="holds records of different definitions of the suite"):
        read_result_folder(tmp_path).check_unchanged()


@pytest.mark.parametrize("file", ["run.json", "records/mnrl/ko/1.run.gz", "records/base/ko/0.per_query.parquet"])
def test_a_file_that_was_changed_after_it_was_written_is_named(tmp_path: Path, file: str) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    seal(tmp_path)
    results = read_result_folder(tmp_path)
    results.check_unchanged()
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes() + b" ")
    with pytest.raises(DataError, match=rf"{file} was changed after it was written; run `harness verify"):
        results.check_unchanged()


def test_a_run_file_that_was_removed_is_named_and_rankings_that_were_are_not(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    seal(tmp_path)
    (tmp_path / "records/mnrl/ko/1.run.gz").unlink()
    read_result_folder(tmp_path).check_unchanged()
    (tmp_path / "run.json").unlink()
    with pytest.raises(DataError, match=r"run.json was removed after it was written; run `harness verify"):
        read_result_folder(tmp_path).check_unchanged()


def test_a_changed_page_is_no_reason_to_reject_the_records(tmp_path: Path) -> None:
    board(tmp_path, ["base"], {"ko": 5}, [0])
    (tmp_path / "leaderboard.csv").write_text("a", encoding="utf-8")
    seal(tmp_path)
    (tmp_path / "leaderboard.csv").write_text("b", encoding="utf-8")
    read_result_folder(tmp_path).check_unchanged()
