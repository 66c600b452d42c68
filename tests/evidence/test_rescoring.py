"""The stored rankings scored again: what moved is said, and written only when asked."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import pytest
from support.commands import REQUEST, Run, invoke, read_json, snapshot

from harness.evidence import rescoring
from harness.machine import hardware
from harness.results import checksums, record, stored_files
from harness.types import Ranking, Scores


@pytest.fixture
def copy(finished: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished.folder, tmp_path / "copy"))


@pytest.fixture
def other_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the code of R@100 had changed: every query gets a quarter more than half of what it had."""
    plain = rescoring.score

    def changed(ranking: Ranking, qrels: dict[str, dict[str, int]], measures: tuple[str, ...]) -> Scores:
        found = plain(ranking, qrels, measures)
        return {**found, "R@100": {query: value / 2 + 0.25 for query, value in found["R@100"].items()}}

    monkeypatch.setattr(rescoring, "score", changed)


def test_rescoring_an_unchanged_folder_changes_no_score(finished: Run) -> None:
    done = invoke("rescore", finished.folder)
    assert (done.status, done.out) == (0, "cells rescored: 6; scores changed or added: 0\n")


@pytest.mark.usefixtures("other_measure")
def test_a_measure_whose_code_changed_is_named_with_its_largest_difference(copy: Path) -> None:
    before = snapshot(copy)
    done = invoke("rescore", copy)
    assert done.out.splitlines()[-1] == "cells rescored: 6; scores changed or added: 4"
    old = record.read(copy / "records/bm25/ko/0.json").measures["R@100"]
    (line,) = (line for line in done.out.splitlines() if line.startswith("bm25"))
    assert line.split() == ["bm25", "ko", "R@100", f"{old:.6f}", f"{old / 2 + 0.25:.6f}", "0.25"]
    assert snapshot(copy) == before


@pytest.mark.usefixtures("other_measure")
def test_new_scores_take_the_place_of_the_old_when_asked(copy: Path) -> None:
    old = record.read(copy / "records/mnrl/ko/1.json")
    assert invoke("rescore", copy, "--write").status == 0
    new = record.read(copy / "records/mnrl/ko/1.json")
    assert new.measures["R@100"] == pytest.approx(old.measures["R@100"] / 2 + 0.25)
    assert new.files["run.gz"] == old.files["run.gz"]
    assert stored_files.intact(copy, new)
    assert checksums.differences(copy) == []


def test_an_added_measure_is_in_records_request_and_page_and_the_run_goes_on_from_there(copy: Path) -> None:
    done = invoke("rescore", copy, "--measures", "P@5", "--write")
    assert done.status == 0, done.err
    assert read_json(copy / "run.json")["request"]["measures"][-1] == "P@5"
    assert "P@5" in (copy / "leaderboard.csv").read_text(encoding="utf-8")
    assert checksums.differences(copy) == []
    measures = ",".join(read_json(copy / "run.json")["resolved"]["measures"])
    dry = invoke(*REQUEST, "--measures", measures, "--out", copy, "--dry-run")
    assert "0 of 6 cells to run" in dry.out


def test_a_record_of_other_libraries_is_scored_again_and_still_counts_as_to_run(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "99.0" if name == "torch" else version(name))
    hardware.installed_version.cache_clear()
    try:
        old = record.read(copy / "records/mnrl/ko/0.json")
        assert invoke("rescore", copy, "--measures", "P@5", "--write").status == 0
        new = record.read(copy / "records/mnrl/ko/0.json")
        assert new.cell_key == old.cell_key
        assert [run.stage for run in new.stages].count("score") == 1
        assert new.provenance["environment"] == old.provenance["environment"]
        measures = ",".join(read_json(copy / "run.json")["resolved"]["measures"])
        dry = invoke(*REQUEST, "--measures", measures, "--out", copy, "--dry-run")
        assert "5 of 6 cells to run" in dry.out  # of bm25 alone, nothing is computed with torch
    finally:
        hardware.installed_version.cache_clear()


def test_a_measure_that_reads_more_ranks_than_are_stored_is_one_line(finished: Run) -> None:
    done = invoke("rescore", finished.folder, "--measures", "R@1000")
    assert done.status == 2
    assert done.line.startswith("harness: measure R@1000 on suite mini: 100 passages are retrieved per query")


def test_nothing_is_written_into_a_folder_with_a_changed_file(copy: Path) -> None:
    (copy / "leaderboard.md").write_text("better", encoding="utf-8")
    before = snapshot(copy)
    done = invoke("rescore", copy, "--measures", "P@5", "--write")
    assert done.status == 2
    assert "changed: leaderboard.md (of 1 files); nothing was written" in done.line
    assert snapshot(copy) == before


def test_an_unknown_measure_is_one_line(finished: Run) -> None:
    done = invoke("rescore", finished.folder, "--measures", "nDGC@10")
    assert done.status == 2
    assert "measure 'nDGC@10'" in done.line


def test_a_folder_without_a_request_is_one_line(tmp_path: Path) -> None:
    done = invoke("rescore", tmp_path)
    assert done.status == 2
    assert "has no run.json with a request" in done.line
