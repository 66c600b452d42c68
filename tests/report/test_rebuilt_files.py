"""Files of a report that are not what the records give are named; what cannot be decided is said, never passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.commands import read_json
from support.fake_records import board

from harness.evidence.leaderboard import collate
from harness.evidence.texts import UNKNOWN
from harness.evidence.verification.finding import Proof
from harness.report.rebuilt_files import BYTES, NOT_REBUILT, TEXTS, prove_files
from harness.report.report_files import write_reports
from harness.report.report_formats import Format
from harness.results.folder import read_result_folder

NO_TEXTS = {"ko": UNKNOWN}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 7}, [0, 1])
    write_reports(tmp_path, texts=NO_TEXTS)
    return tmp_path


def proof(folder: Path) -> Proof:
    return prove_files(read_result_folder(folder), NO_TEXTS)


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def restate(folder: Path, **values: Any) -> None:
    """Change what report.json says of every format."""
    content = {form: {**settings, **values} for form, settings in read_json(folder / "report.json").items()}
    (folder / "report.json").write_text(json.dumps(content), encoding="utf-8")


def lines(proof: Proof) -> Mapping[str, str]:
    """Return file → what is said of it, of everything that is not proven."""
    return {finding.file: finding.what for finding in (*proof.mismatches, *proof.unproven)}


def test_every_file_of_a_report_is_proven(run: Path) -> None:
    names = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    expected = {name for name in names if not name.startswith("records/")} - {"run.json", "report.json", "SHA256SUMS"}
    result = proof(run)
    assert {finding.file for finding in result.proven} == expected
    assert {finding.what for finding in result.proven} == {BYTES}
    assert lines(result) == {}


def test_nothing_is_written(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    proof(run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_changed_cell_of_a_table_is_named_with_both_values(run: Path) -> None:
    mean = next(row.mean for row in collate(run).rows.itertuples() if (row.entry, row.measure) == ("mnrl", "AP"))
    change(run, "leaderboard.csv", f"mnrl,ko,AP,{mean!r}", "mnrl,ko,AP,0.99")
    expected = f"row fake/mnrl/ko/AP, mean is '0.99', from the records '{mean!r}'"
    assert lines(proof(run)) == {"leaderboard.csv": expected}


@pytest.mark.parametrize("name", ["leaderboard.html", "leaderboard.md", "leaderboard.tex", "entries/mnrl.html"])
def test_a_changed_text_is_named_with_its_line(run: Path, name: str) -> None:
    change(run, name, "mnrl", "mnr1")
    (finding,) = proof(run).mismatches
    assert finding.file == name
    assert finding.what.startswith("line ")
    assert "'mnr1" in finding.what


def test_a_row_that_is_missing_from_a_table_is_named(run: Path) -> None:
    text = (run / "leaderboard.csv").read_text(encoding="utf-8")
    (run / "leaderboard.csv").write_text("".join(text.splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert "'absent'" in lines(proof(run))["leaderboard.csv"]


def test_a_missing_file_and_a_page_of_no_entry_are_mismatches(run: Path) -> None:
    (run / "entries/clpl.html").rename(run / "entries/mine.html")
    assert {finding.file for finding in proof(run).mismatches} == {"entries/clpl.html", "entries/mine.html"}


def test_a_file_that_no_report_writes_is_unproven(run: Path) -> None:
    (run / "notes.txt").write_text("nDCG 99", encoding="utf-8")
    result = proof(run)
    assert (lines(result), result.mismatches) == ({"notes.txt": NOT_REBUILT}, ())


def test_formats_that_were_not_written_are_not_missed(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0, 1])
    write_reports(tmp_path, formats=[Format.csv])
    assert lines(proof(tmp_path)) == {}


def test_formats_of_other_baselines_are_each_rebuilt_with_their_own(run: Path) -> None:
    write_reports(run, collate(run, "clpl"), formats=[Format.csv], texts=None)
    result = proof(run)
    assert lines(result) == {}
    assert {"leaderboard.csv", "leaderboard.html"} <= {finding.file for finding in result.proven}


def test_a_number_that_differs_from_another_versions_is_a_mismatch_and_says_so(run: Path) -> None:
    restate(run, generator={"sources": "0" * 64})
    change(run, "leaderboard.csv", "mnrl,ko,AP,0.", "mnrl,ko,AP,0.9")
    (finding,) = proof(run).mismatches
    assert finding.file == "leaderboard.csv"
    assert "mean is" in finding.what
    assert "written by another version (other sources, " in finding.what


def test_words_and_pages_of_another_version_are_unproven_with_the_difference(run: Path) -> None:
    restate(run, generator={"sources": "0" * 64})
    change(run, "claims.csv", "not comparable", "not to be compared")
    change(run, "leaderboard.html", "mnrl", "mnr1")
    result = proof(run)
    assert result.mismatches == ()
    assert "the numbers of both are equal, the bytes are not" in lines(result)["claims.csv"]
    assert "the bytes are not: line" in lines(result)["leaderboard.html"]


def test_a_folder_that_does_not_say_who_wrote_it_is_proven_where_its_bytes_are_equal(run: Path) -> None:
    (run / "report.json").unlink()
    assert lines(proof(run)) == {}
    change(run, "leaderboard.html", "mnrl", "mnr1")
    result = proof(run)
    assert result.mismatches == ()
    assert "does not say which version wrote it" in lines(result)["leaderboard.html"]


def test_a_page_with_texts_that_are_not_at_hand_is_unproven(run: Path) -> None:
    restate(run, texts={"ko": ""})
    change(run, "queries/ko.html", "mnrl", "mnr1")
    result = proof(run)
    assert lines(result) == {"queries/ko.html": TEXTS}
    assert result.mismatches == ()


@pytest.mark.parametrize("content", ["[]", "{", '{"html": {"basis": "base"}}', '{"pdf": {}}'])
def test_a_damaged_report_json_is_a_mismatch(run: Path, content: str) -> None:
    (run / "report.json").write_text(content, encoding="utf-8")
    assert [finding.file for finding in proof(run).mismatches] == ["report.json"]


def test_a_baseline_that_was_not_measured_is_a_mismatch(run: Path) -> None:
    restate(run, baseline="other")
    (finding,) = proof(run).mismatches
    assert str(finding) == "report.json: csv.baseline is 'other', which was not measured"
