"""What a cell leaves on disk comes back as it was, and equal results are equal bytes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.measured_tables import AGREEMENT, FOLDS, GEOMETRY, TASK

from harness.errors import CellError, DataError
from harness.machine.limits import TooLarge
from harness.machine.stage_run import StageRun
from harness.results import ranking_file, record, stored_files
from harness.results.record import Record

RANKING = {"q2": [("d1", 0.1 + 0.2), ("d2", 1e-30), ("d3", -2.5)], "q1": [("d3", 1.0)]}
SCORES = {"nDCG@10": {"q2": 1 / 3, "q1": 0.0}, "AP": {"q1": 0.1 + 0.2, "q2": 1.0}}


def a_record(**fields: Any) -> Record:
    defaults: dict[str, Any] = {
        "suite": "tiny",
        "entry": "mnrl",
        "language": "ko",
        "seed": 3,
        "trained": True,
        "status": "done",
        "cell_key": "ab" * 32,
        "measures": {"AP": 1 / 3},
        "n_queries": 2,
    }
    return Record(**{**defaults, **fields})


def test_a_trec_run_comes_back_with_the_same_order_and_the_same_scores(tmp_path: Path) -> None:
    path = tmp_path / "run.gz"
    path.write_bytes(record.run_bytes(RANKING, tag="mnrl"))
    found = ranking_file.read_run(path)
    assert {query: list(rows.items()) for query, rows in found.items()} == RANKING


def test_a_trec_run_has_six_columns_ranks_from_1_and_queries_in_order() -> None:
    lines = gzip.decompress(record.run_bytes(RANKING, tag="mnrl")).decode().splitlines()
    assert lines == [
        "q1 Q0 d3 1 1.0 mnrl",
        "q2 Q0 d1 1 0.30000000000000004 mnrl",
        "q2 Q0 d2 2 1e-30 mnrl",
        "q2 Q0 d3 3 -2.5 mnrl",
    ]


def test_ir_measures_reads_the_run_as_trec_format() -> None:
    import ir_measures

    read_trec_run: Any = ir_measures.read_trec_run
    text = gzip.decompress(record.run_bytes(RANKING, tag="mnrl")).decode()
    rows = [(row.query_id, row.doc_id, row.score) for row in read_trec_run(text)]
    assert rows == [(query, doc, score) for query in sorted(RANKING) for doc, score in RANKING[query]]


def test_equal_rankings_give_equal_bytes_whatever_the_order_of_their_queries() -> None:
    turned = {query: RANKING[query] for query in sorted(RANKING)}
    assert list(turned) != list(RANKING)
    assert record.run_bytes(RANKING, tag="t") == record.run_bytes(turned, tag="t")


def test_the_header_of_a_run_depends_on_no_version_of_python() -> None:
    assert record.run_bytes(RANKING, tag="t")[:10].hex() == "1f8b0800000000000003"


def test_another_score_gives_other_bytes() -> None:
    changed = {**RANKING, "q1": [("d3", 1.0000001)]}
    assert record.run_bytes(RANKING, tag="t") != record.run_bytes(changed, tag="t")


def test_per_query_values_come_back_unrounded(tmp_path: Path) -> None:
    path = tmp_path / "per_query.parquet"
    path.write_bytes(record.per_query_bytes(SCORES))
    rows = {(row["measure"], row["query_id"]): row["value"] for row in pq.read_table(path).to_pylist()}
    assert rows == {(measure, query): value for measure in SCORES for query, value in SCORES[measure].items()}


def test_equal_scores_give_equal_bytes_whatever_the_order_of_their_queries() -> None:
    turned = {measure: dict(sorted(values.items())) for measure, values in SCORES.items()}
    assert record.per_query_bytes(SCORES) == record.per_query_bytes(turned)


def test_a_per_query_value_that_is_nan_is_rejected() -> None:
    with pytest.raises(CellError, match=r"^AP of query q1 is NaN$"):
        record.per_query_bytes({"AP": {"q1": float("nan")}})


def test_a_record_comes_back_equal_with_the_hashes_of_its_files(tmp_path: Path) -> None:
    written = record.write(tmp_path, a_record(), SCORES, RANKING)
    assert sorted(written.files) == ["per_query.parquet", "run.gz"]
    assert record.read(tmp_path / "records" / "mnrl" / "ko" / "3.json") == written
    assert stored_files.intact(tmp_path, written)


def test_a_record_whose_mean_is_nan_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.write(tmp_path, a_record(measures={"AP": float("nan")}))
    assert not list(tmp_path.rglob("*.json"))


def test_a_changed_byte_beside_a_record_is_found(tmp_path: Path) -> None:
    written = record.write(tmp_path, a_record(), SCORES, RANKING)
    run = tmp_path / "records" / "mnrl" / "ko" / "3.run.gz"
    content = bytearray(run.read_bytes())
    content[-1] ^= 1
    run.write_bytes(content)
    assert not stored_files.intact(tmp_path, written)


def test_a_missing_file_beside_a_record_is_found(tmp_path: Path) -> None:
    written = record.write(tmp_path, a_record(), SCORES, RANKING)
    (tmp_path / "records" / "mnrl" / "ko" / "3.per_query.parquet").unlink()
    assert not stored_files.intact(tmp_path, written)


def test_a_truncated_record_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    record.write(tmp_path, a_record(), SCORES, RANKING)
    path = tmp_path / "records" / "mnrl" / "ko" / "3.json"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataError, match=r"is damaged: .*; delete it and run again$") as caught:
        record.read(path)
    assert "\n" not in str(caught.value)
    assert "damaged: Invalid JSON" in str(caught.value)


def test_a_record_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "0.json").mkdir()
    with pytest.raises(DataError, match=r"0\.json cannot be read: Is a directory; remove it, or put a plain file"):
        record.read(tmp_path / "0.json")


HERE = {"x": {"y": 4711.5}}
PLACES: dict[str, dict[str, Any]] = {
    "measures": {"measures": {"AP": 4711.5}},
    "seconds": {"seconds": 4711.5},
    "tasks": {"tasks": {"STS": {**TASK, **HERE}}},
    "cross_validation": {"cross_validation": {**FOLDS, **HERE}},
    "agreement": {"agreement": {**AGREEMENT, **HERE}},
    "geometry": {"geometry": {**GEOMETRY, **HERE}},
    "provenance": {"provenance": HERE},
    "found": {"stages": (StageRun(stage="train", key="k", seconds=1, cached=False, found=HERE),)},
}
OPEN = {"tasks", "cross_validation", "agreement", "provenance", "found"}  # where a number may be an integer
NUMBERS = ("1e999", "NaN", "-Infinity")


@pytest.mark.parametrize(
    ("place", "number"),
    [*((place, number) for place in PLACES for number in NUMBERS), *((place, "1" * 41) for place in sorted(OPEN))],
)
def test_a_number_that_no_record_has_is_refused_wherever_it_is(tmp_path: Path, place: str, number: str) -> None:
    record.write(tmp_path, a_record(**PLACES[place]))
    path = tmp_path / "records" / "mnrl" / "ko" / "3.json"
    text = path.read_text(encoding="utf-8")
    assert text.count("4711.5") == 1
    path.write_text(text.replace("4711.5", number), encoding="utf-8")
    with pytest.raises(DataError, match=r"is damaged: .*(finite|digits).*; delete it and run again$"):
        record.read(path)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("tasks", {"STS": {"value": 0.5}}, "STS: type: missing (and 5 more)"),
        ("tasks", {"STS": {**TASK, "value": "0.5"}}, "STS: value: must be a number, not '0.5'"),
        ("cross_validation", {"measures": {}}, "folds: missing (and 1 more)"),
        ("cross_validation", {**FOLDS, "queries": ["8"]}, "queries.0: must be a whole number, not '8'"),
        ("geometry", {"after": GEOMETRY["after"]}, "before: missing"),
        ("agreement", {"x": {"y": 1}}, "experts: missing (and 4 more)"),
        ("agreement", {**AGREEMENT, "tau": {"a": 0.5}}, "tau.a: must be a table, not 0.5"),
        ("pairs", {"AUPRC": 0.5, "queries": 3, "relevant": 3, "sampled": -1}, "sampled: "),
    ],
)
def test_a_table_of_another_shape_is_damaged(tmp_path: Path, field: str, value: dict[str, Any], problem: str) -> None:
    record.write(tmp_path, a_record())
    path = tmp_path / "records" / "mnrl" / "ko" / "3.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), field: value}), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        record.read(path)
    assert f" is damaged: {field}" in str(caught.value)
    assert problem in str(caught.value)
    assert str(caught.value).endswith("; delete it and run again")


def test_a_number_that_differs_from_that_of_the_record_before_is_checked_too(tmp_path: Path) -> None:
    for seed in (3, 4):
        record.write(tmp_path, a_record(seed=seed, provenance={"machine": {"cores": 2}}))
    path = tmp_path / "records" / "mnrl" / "ko" / "4.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"cores": 2', '"cores": 1e999'), encoding="utf-8")
    with pytest.raises(DataError, match="inf is not a finite number"):
        record.read_all(tmp_path)


def test_a_record_with_an_unknown_field_is_damaged(tmp_path: Path) -> None:
    record.write(tmp_path, a_record())
    path = tmp_path / "records" / "mnrl" / "ko" / "3.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"seconds"', '"minutes"'), encoding="utf-8")
    with pytest.raises(DataError, match="minutes: unknown key"):
        record.read(path)


def test_records_are_read_by_entry_language_and_seed_in_numerical_order(tmp_path: Path) -> None:
    for seed in (10, 9):
        record.write(tmp_path, a_record(seed=seed))
    record.write(tmp_path, a_record(entry="base", seed=0))
    found = [(one.entry, one.seed) for one in record.read_all(tmp_path)]
    assert found == [("base", 0), ("mnrl", 9), ("mnrl", 10)]


def test_equal_values_of_records_are_one_object_and_different_ones_are_not(tmp_path: Path) -> None:
    said = [{"machine": {"cpu": "x", "cores": 2}, "loss": [seed]} for seed in range(3)]
    said[2]["machine"] = {"cpu": "y", "cores": 2}
    for seed, provenance in enumerate(said):
        record.write(tmp_path, a_record(seed=seed, provenance=provenance))
    first, second, third = (one.provenance for one in record.read_all(tmp_path))
    assert [first, second, third] == said
    assert first["machine"] is second["machine"]
    assert first["loss"] is not second["loss"]


def test_a_record_without_scores_has_no_files_beside_it(tmp_path: Path) -> None:
    written = record.write(tmp_path, a_record(status="failed", reason="out of memory", measures={}))
    assert written.files == {}
    assert [path.name for path in (tmp_path / "records" / "mnrl" / "ko").iterdir()] == ["3.json"]


@pytest.mark.parametrize("value", [{}, 0.5, "a" * 100, {"a" * 100: 1}], ids=["tables", "numbers", "texts", "names"])
def test_the_records_of_a_folder_hold_a_limited_memory_together(
    value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_LIMIT_RECORDS_MEMORY", "1000000")
    for seed in range(10):
        record.write(tmp_path, a_record(seed=seed, provenance={"x": [seed, *[value] * 4000]}), SCORES, RANKING)
    with pytest.raises(TooLarge, match=r"more than 1,000,000 bytes of memory of a folder's records together"):
        record.read_all(tmp_path)
    monkeypatch.setenv("HARNESS_LIMIT_RECORDS_MEMORY", "20000000")
    assert len(record.read_all(tmp_path)) == 10


def test_stages_and_files_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_LIMIT_RECORDS_MEMORY", "1000000")
    stages = tuple(StageRun(stage="t", key="k", seconds=0, cached=True) for _ in range(3000))
    record.write(tmp_path, a_record(stages=stages), SCORES, RANKING)
    with pytest.raises(TooLarge, match="records together"):
        record.read_all(tmp_path)


def test_a_record_that_is_too_large_is_refused_and_the_environment_admits_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.write(tmp_path, a_record(provenance={"x": "a" * (5 << 20)}), SCORES, RANKING)
    with pytest.raises(TooLarge, match="more than 4,194,304 bytes of one record"):
        record.read_all(tmp_path)
    monkeypatch.setenv("HARNESS_LIMIT_RECORD_BYTES", str(8 << 20))
    assert len(record.read_all(tmp_path)) == 1
