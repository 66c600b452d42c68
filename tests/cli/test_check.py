"""`harness check`: what fails, what passes, and what is not comparable."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.commands import Result, invoke, read_json, snapshot
from support.fake_records import put, put_failed
from support.result_folders import SUITE, write

from harness.evidence.gate.comparability import PROSE
from harness.request.suite import Suite
from harness.results.record import path_of


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return write(tmp_path / "old", draw=1)


def check(new: Path, old: Path, *options: str | Path) -> Result:
    return invoke("check", new, "--baseline", old, *options)


def last(result: Result) -> str:
    return result.out.splitlines()[-1]


def test_equal_entries_with_other_noise_pass(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", draw=2), old)
    assert (result.status, last(result), result.err) == (0, "fake: passed: 2 same", "")


def test_a_loss_beyond_the_margin_fails_with_its_entry_and_size(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", losses={"mnrl": 0.08}, draw=2), old)
    assert (result.status, last(result)) == (1, "fake: FAILED: 1 regression, 1 same")
    (line,) = (line for line in result.out.splitlines() if line.startswith("regression:"))
    assert line.startswith("regression: mnrl/ko: nDCG@10 49.85 → 42.15 (−7.70, at best −7.36)")
    assert "beyond the margin of 1.00; 3 seeds against 3, 120 queries" in line


def test_a_loss_within_the_margin_is_a_warning_and_passes(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", losses={"mnrl": 0.02}, draw=2), old, "--margin", "0.03")
    assert (result.status, last(result)) == (0, "fake: passed: 1 warning, 1 same")
    assert check(tmp_path / "new", old, "--margin", "0.001").status == 1


def test_a_gain_is_listed(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", losses={"mnrl": -0.08}, draw=2), old)
    assert (result.status, last(result)) == (0, "fake: passed: 1 improvement, 1 same")
    assert "improvement: mnrl/ko: nDCG@10" in result.out


def test_a_larger_spread_over_seeds_is_not_a_loss(tmp_path: Path) -> None:
    seeds = tuple(range(8))
    old = write(tmp_path / "old", seeds=seeds, spread=0.0, draw=1)
    result = check(write(tmp_path / "new", seeds=seeds, spread=0.05, draw=2), old)
    assert (result.status, last(result)) == (0, "fake: passed: 1 changed spread, 1 same")
    assert "spread: mnrl/ko: " in result.out
    assert "times as far as the baseline's" in result.out


def test_an_absent_entry_is_a_missing_cell(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", ["base"]), old)
    assert (result.status, last(result)) == (1, "fake: FAILED: 1 missing cell, 1 same")
    assert "missing: mnrl/ko: the baseline has it, this folder has no record of it" in result.out
    assert check(tmp_path / "new", old, "--methods", "base").status == 0


def test_a_requested_seed_without_a_record_is_a_missing_cell(tmp_path: Path, old: Path) -> None:
    new = write(tmp_path / "new", draw=1)
    path_of(new, "mnrl", "ko", 2).unlink()
    result = check(new, old)
    assert (result.status, "missing: mnrl/ko/2: no record of this seed" in result.out) == (1, True)
    (new / "run.json").unlink()
    assert check(new, old).status == 1  # without a request, the baseline's seeds are expected


def test_requesting_fewer_seeds_leaves_no_cell_missing(tmp_path: Path, old: Path) -> None:
    assert check(write(tmp_path / "new", seeds=(0, 1), draw=2), old).status == 0


def test_a_failed_cell_is_missing_with_its_reason(tmp_path: Path, old: Path) -> None:
    new = write(tmp_path / "new", draw=2)
    for file in path_of(new, "mnrl", "ko", 2).parent.glob("2.*"):
        file.unlink()
    put_failed(new, ("mnrl", "ko", 2), "out of\nmemory")
    result = check(new, old)
    assert (result.status, "missing: mnrl/ko/2: failed: out of memory" in result.out) == (1, True)


def test_with_one_seed_the_spread_is_reported_as_unknown(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", seeds=(0,), draw=2), old)
    assert result.status == 0
    assert "* one seed on a side: its spread over seeds is unknown and not counted" in result.out


def test_an_entry_that_the_baseline_lacks_is_named_and_not_compared(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", ["base", "clpl", "mnrl"]), old)
    assert (result.status, "not in the baseline, not compared: clpl/ko" in result.out) == (0, True)


def test_another_measure_can_decide(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", draw=2), old, "--measure", "R@100,nDCG@10")
    assert (result.status, last(result)) == (0, "fake: passed: 4 same")
    assert check(tmp_path / "new", old, "--measure", "AP").line.startswith("harness: unknown measure 'AP' in ")


@pytest.mark.parametrize("folder", ["nowhere", "failed"])
def test_nothing_measured_is_status_3(tmp_path: Path, old: Path, folder: str) -> None:
    if folder == "failed":
        put_failed(tmp_path / folder, ("mnrl", "ko", 0), "diverged")
    result = check(tmp_path / folder, old)
    assert (result.status, result.out, result.err.count("\n")) == (3, "", 1)


def test_no_cell_in_common_is_status_3(tmp_path: Path, old: Path) -> None:
    result = check(write(tmp_path / "new", ["clpl"]), old)
    assert result.status == 3
    assert "has none of the entries and languages" in result.line


def with_training(**training: Any) -> dict[str, Any]:
    return {**SUITE, "training": {"ranking": training}}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"suite": with_training(epochs=1)}, "their suites differ in training.ranking.epochs 3 → 1; run it as the"),
        ({"suite": {**SUITE, "text": {"title": False}}}, "their suites differ in text.title true → false; "),
        ({"changes": {"data": {"digests": {"corpus": "other"}}}}, "the data of base/ko differ in corpus"),
        ({"changes": {"environment": {"packages": {"ir-measures": "9"}}}}, "by other versions, ir-measures 0.4.3 → 9"),
        ({"changes": {"evaluation": {"score_version": 2}}}, "by other versions, scoring 1 → 2"),
        ({"n": 119}, "answer different queries: 1 queries are in one only, 'q119' first"),
    ],
)
def test_other_data_versions_or_queries_are_rejected(
    tmp_path: Path, old: Path, fields: dict[str, Any], message: str
) -> None:
    before = snapshot(tmp_path)
    result = check(write(tmp_path / "new", **fields), old)
    assert (result.status, result.out) == (2, "")
    assert message in result.line
    assert {name: at for name, at in snapshot(tmp_path).items() if name.startswith("old")} == before


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [
        ({"suite": {**SUITE, "mining": {"depth": 10}}}, "suite.mining"),
        ({"suite": {**SUITE, "text": {"title": True, "prompt": "query: "}}}, "suite.text.prompt"),
        ({"suite": with_training(epochs=3, masked=True)}, "suite.training.ranking.masked"),
        ({"changes": {"data": {"digests": {"corpus": "corpus of ko", "pool": "1"}}}}, "data.pool"),
        ({"changes": {"environment": {"packages": {"torch": "2.13.0"}}}}, "scoring.ir-measures"),
    ],
)
def test_what_a_baseline_of_another_version_lacks_is_named_and_not_compared(
    tmp_path: Path, old: Path, fields: dict[str, Any], lacking: str
) -> None:
    markdown = tmp_path / "check.md"
    result = check(write(tmp_path / "new", draw=2, **fields), old, "--markdown", markdown)
    assert result.status == 0, result.err
    assert f"only one of the two holds, so not compared: {lacking}\n" in result.out
    assert f"- only one of the two holds, so not compared: {lacking}\n" in markdown.read_text(encoding="utf-8")


def test_a_setting_that_the_baseline_did_not_choose_is_a_difference(tmp_path: Path, old: Path) -> None:
    settings = {**SUITE, "settings": {"clpl": {"temperature": 0.5}}}
    before = write(tmp_path / "before", suite={**SUITE, "settings": {"clpl": {"negatives": 2}}})
    assert (
        "suites differ in settings.clpl.negatives 2 → none"
        in check(write(tmp_path / "new", suite=settings), before).line
    )


def test_other_measures_are_rejected(tmp_path: Path, old: Path) -> None:
    put(tmp_path / "new", ("base", "ko", 0), {"nDCG@10": {"q000": 0.5, "q001": 0.25}})
    result = check(tmp_path / "new", old)
    assert result.status == 2


def test_another_suite_is_rejected_by_name(tmp_path: Path, old: Path) -> None:
    put(tmp_path / "new", ("base", "ko", 0), {"nDCG@10": {"q000": 0.5}}, suite="mini")
    result = check(tmp_path / "new", old)
    assert (result.status, "suite mini against fake; name a baseline of the same suite" in result.line) == (2, True)


def test_a_part_named_after_allow_may_differ(tmp_path: Path, old: Path) -> None:
    new = write(tmp_path / "new", suite=with_training(epochs=1), draw=2)
    assert "add --allow training" in check(new, old).line
    assert check(new, old, "--allow", "training").status == 0
    assert check(new, old, "--allow", "name").line.startswith("harness: unknown part of a suite 'name' in --allow")


@pytest.mark.parametrize("part", sorted(Suite.model_fields.keys() - PROSE - {"name", "found"}))
def test_every_part_of_a_suite_can_be_allowed(tmp_path: Path, old: Path, part: str) -> None:
    """`found` is in no definition as JSON, and folders of two names are of two suites."""
    for folder, number in ((old, 1), (tmp_path / "new", 2)):
        values = {"max_train": number, "tier": str(number), "negative_queries": str(number), "experts": [number]}
        other = {"ko": str(number)} if part == "unverified" else {"ko": {"sha256": str(number)}}
        write(folder, draw=1, suite={**SUITE, part: values.get(part, other)})
    refused = check(tmp_path / "new", old)
    assert (refused.status, f"add --allow {part}" in refused.line) == (2, True)
    assert check(tmp_path / "new", old, "--allow", part).status == 0


def test_title_and_description_of_the_suite_may_differ(tmp_path: Path, old: Path) -> None:
    assert check(write(tmp_path / "new", suite={**SUITE, "title": "Another"}, draw=2), old).status == 0


@pytest.mark.parametrize("margin", ["-0.01", "nan", "inf"])
def test_an_invalid_margin_is_rejected(old: Path, margin: str) -> None:
    result = check(old, old, "--margin", margin)
    assert (result.status, "must be at least 0" in result.line) == (2, True)


def test_a_missing_baseline_is_rejected(tmp_path: Path, old: Path) -> None:
    assert (check(old, tmp_path / "none").status, "is not a folder" in check(old, tmp_path / "none").line) == (2, True)


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**read_json(path), **changes}), encoding="utf-8")


def test_a_truncated_record_is_rejected(tmp_path: Path, old: Path) -> None:
    path = path_of(write(tmp_path / "new"), "mnrl", "ko", 1)
    path.write_bytes(path.read_bytes()[:200])
    result = check(tmp_path / "new", old)
    assert (result.status, f"record {path} is damaged" in result.line) == (2, True)


@pytest.mark.parametrize("changes", [{"measures": {"nDCG@10": 0.99}}, {"n_queries": 121}])
def test_a_hand_edited_record_is_rejected(tmp_path: Path, old: Path, changes: dict[str, Any]) -> None:
    new = write(tmp_path / "new")
    edit(path_of(new, "mnrl", "ko", 1), **changes)
    result = check(new, old)
    assert result.status == 2
    assert "mnrl/ko/1" in result.line


def test_a_record_edited_after_it_was_listed_is_rejected(tmp_path: Path, old: Path) -> None:
    new = write(tmp_path / "new")
    assert invoke("report", new).status == 0
    edit(path_of(new, "mnrl", "ko", 1), seconds=1.0)
    result = check(new, old)
    assert (result.status, "1.json was changed after it was written" in result.line) == (2, True)


def test_a_score_that_is_not_a_number_is_rejected(tmp_path: Path, old: Path) -> None:
    import pandas

    from harness.keys import file_sha256

    new = write(tmp_path / "new")
    path = path_of(new, "mnrl", "ko", 1)
    scores = path.with_name("1.per_query.parquet")
    table = pandas.read_parquet(scores)
    table.loc[3, "value"] = math.nan
    table.to_parquet(scores)
    edit(path, files={**read_json(path)["files"], "per_query.parquet": file_sha256(scores)})
    result = check(new, old)
    assert (result.status, "NaN" in result.line) == (2, True)


def test_two_records_of_one_seed_are_rejected(tmp_path: Path, old: Path) -> None:
    new = write(tmp_path / "new")
    shutil.copy(path_of(new, "mnrl", "ko", 1), path_of(new, "mnrl", "ko", 7))
    result = check(new, old)
    assert (result.status, "two records of the cell mnrl/ko/1" in result.line) == (2, True)
