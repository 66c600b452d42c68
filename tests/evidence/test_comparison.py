"""Two result folders side by side."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from scipy import stats
from support.commands import Result, invoke
from support.fake_records import put
from support.result_folders import SUITE, write

from harness.evidence.comparison import compare
from harness.results.folder import read_result_folder


@pytest.fixture
def a(tmp_path: Path) -> Path:
    return write(tmp_path / "a", ["base", "clpl", "mnrl", "same"], draw=1)


@pytest.fixture
def b(tmp_path: Path) -> Path:
    losses = {"clpl": 0.08, "mnrl": -0.08}
    return write(tmp_path / "b", ["base", "clpl", "mnrl", "same", "soft"], losses=losses, draw=2)


def verdicts(result: Result) -> dict[str, str]:
    return {row["entry"]: row["verdict"] for row in csv.DictReader(io.StringIO(result.out))}


def test_each_entry_gets_its_word(a: Path, b: Path) -> None:
    result = invoke("compare", a, b, "--format", "csv", "--margin", "0.03")
    assert (result.status, result.err) == (0, "")
    assert verdicts(result) == {"base": "equivalent", "clpl": "worse", "mnrl": "better", "same": "equivalent"}


def test_a_difference_that_is_neither_shown_nor_excluded_is_undecided(tmp_path: Path) -> None:
    a, b = (write(tmp_path / name, ["mnrl"], spread=0.02, draw=i) for i, name in enumerate("ab"))
    assert verdicts(invoke("compare", a, b, "--format", "csv")) == {"mnrl": "undecided"}
    assert verdicts(invoke("compare", a, b, "--format", "csv", "--margin", "0.5")) == {"mnrl": "equivalent"}


def test_data_that_only_an_entry_of_one_folder_reads_are_no_difference(tmp_path: Path) -> None:
    """An entry that trains on NLI has another digest of it than the others, which read none."""
    for name, entries in (("a", ("base", "nli")), ("b", ("base", "mnrl"))):
        write(tmp_path / name, ["base"], changes={"data": {"digests": {"corpus": "c", "nli": "of nothing"}}})
        digests = {"corpus": "c", "nli": "of 88 triples" if "nli" in entries else "of nothing"}
        write(tmp_path / name, [entries[1]], changes={"data": {"digests": digests}})
    folders = [read_result_folder(tmp_path / name) for name in ("a", "b")]
    assert compare(*folders).data == ()
    write(tmp_path / "b", ["base"], changes={"data": {"digests": {"corpus": "c", "nli": "other"}}})
    (difference,) = compare(folders[0], read_result_folder(tmp_path / "b")).data
    assert str(difference) == "ko: nli of nothing → other"


def test_without_seeds_the_numbers_are_those_of_scipys_paired_t_test(tmp_path: Path) -> None:
    left, right = [0.1, 0.5, 0.3, 0.8, 0.4], [0.3, 0.4, 0.6, 0.9, 0.7]
    for name, values in (("a", left), ("b", right)):
        scores = {"AP": {f"q{i}": value for i, value in enumerate(values)}}
        put(tmp_path / name, ("base", "ko", 0), scores)
    (row,) = compare(read_result_folder(tmp_path / "a"), read_result_folder(tmp_path / "b")).rows
    expected = stats.ttest_rel(right, left)
    interval = expected.confidence_interval(0.95)
    assert (row.difference, row.p) == (pytest.approx(0.16), pytest.approx(expected.pvalue))
    assert (row.low, row.high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert not row.blind


def test_what_differs_in_request_and_environment_is_listed(tmp_path: Path, a: Path) -> None:
    suite = {**SUITE, "training": {"ranking": {"epochs": 1}}}
    changed = {"environment": {"python": "3.12.1", "packages": {"ir-measures": "0.4.3", "torch": "2.14.0"}}}
    b = write(tmp_path / "b", ["base", "mnrl"], suite=suite, changes=changed, draw=1)
    result = invoke("compare", a, b)
    assert result.status == 0
    assert "  suite.training.ranking.epochs 3 → 1\n" in result.out
    assert "  environment.packages.torch 2.13.0 → 2.14.0\n" in result.out
    assert "Data, A → B: the same\n" in result.out
    assert "* only in A: clpl/ko, same/ko\n" in result.out


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"changes": {"data": {"digests": {"corpus": "other"}}}}, "they differ in corpus corpus of ko → other"),
        ({"changes": {"environment": {"packages": {"ir-measures": "9"}}}}, "they differ in ir-measures 0.4.3 → 9"),
        ({"n": 100}, "answer different queries: 20 queries are in one only"),
    ],
)
def test_scores_on_other_data_are_not_comparable_and_no_number_is_given(
    tmp_path: Path, a: Path, fields: dict[str, Any], why: str
) -> None:
    result = invoke("compare", a, write(tmp_path / "b", **fields), "--format", "json")
    assert result.status == 0
    rows = json.loads(result.out)["rows"]
    assert {row["verdict"] for row in rows} == {"not comparable"}
    assert all(why in row["reason"] and row["difference"] is None for row in rows)


def test_one_seed_is_said_to_say_nothing_of_the_spread(tmp_path: Path, a: Path) -> None:
    result = invoke("compare", a, write(tmp_path / "b", seeds=(0,), draw=2))
    assert "* one seed on a side: its spread over seeds is unknown and not in the interval" in result.out


def test_markdown_has_a_row_for_each_pair(a: Path, b: Path) -> None:
    result = invoke("compare", a, b, "--format", "md")
    rows = [line for line in result.out.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert {row.count("|") for row in rows} == {9}
    assert f"A is {str(a).replace('_', chr(92) + '_')}" in result.out
    assert "- only in B: soft/ko\n" in result.out


def test_json_holds_what_the_text_shows_unrounded(a: Path, b: Path) -> None:
    value = json.loads(invoke("compare", a, b, "--format", "json").out)
    assert (value["suite"], value["measure"], value["margin"]) == ("fake", "nDCG@10", 0.01)
    clpl = next(row for row in value["rows"] if row["entry"] == "clpl")
    assert clpl["low"] <= clpl["difference"] <= clpl["high"] < 0
    assert clpl["difference"] == pytest.approx(clpl["b"] - clpl["a"])


def test_two_suites_are_rejected(tmp_path: Path, a: Path) -> None:
    put(tmp_path / "b", ("base", "ko", 0), {"nDCG@10": {"q000": 0.5}}, suite="mini")
    result = invoke("compare", a, tmp_path / "b")
    assert (result.status, "suite fake against mini; name two of one suite" in result.line) == (2, True)


@pytest.mark.parametrize(("option", "value"), [("--margin", "0"), ("--margin", "-1"), ("--measure", "AP")])
def test_a_margin_or_a_measure_that_is_none_is_rejected(a: Path, b: Path, option: str, value: str) -> None:
    assert invoke("compare", a, b, option, value).status == 2
    assert invoke("compare", a, b, option, value).line


def test_nothing_in_common_is_status_3(tmp_path: Path, a: Path) -> None:
    assert invoke("compare", a, write(tmp_path / "b", ["soft"])).status == 3
    assert invoke("compare", a, tmp_path / "nowhere").status == 3
