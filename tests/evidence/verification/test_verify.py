"""A finished folder: its cells come out again bit for bit, and what was changed or cannot be made again is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Result, Run, invoke, read_json, spawn

from harness.evidence.verification.finding import Finding, Proof
from harness.report.summaries.verification_page import Verification, as_markdown
from harness.results import checksums, record
from harness.results.per_query import Reader


@pytest.fixture
def copy(finished: Run, tmp_path: Path) -> Path:
    """A copy of the finished folder, to be changed."""
    return Path(shutil.copytree(finished.folder, tmp_path / "copy"))


def changed_run(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Change run.json as if the folder had been made so."""
    run = read_json(folder / "run.json")
    change(run)
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    checksums.seal(folder, ["run.json"])
    return folder


@pytest.fixture(scope="module")
def again(finished: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, dict[str, Any]]:
    """Three cells run again, each of another kind."""
    out = tmp_path_factory.mktemp("verified") / "verify.json"
    cells = "base/ko/0,bm25/ko/0,mnrl/ko/1"
    result = invoke("verify", finished.folder, "--cells", cells, "--jobs", "2", "--out", out)
    return result, read_json(out)


def test_the_cells_of_a_fresh_run_are_bitwise_equal_in_fresh_processes(again: tuple[Result, dict[str, Any]]) -> None:
    result, found = again
    assert result.status == 0, result.err
    assert {cell["cell"]: cell["word"] for cell in found["cells"]} == {
        "base/ko/0": "bitwise",
        "bm25/ko/0": "bitwise",
        "mnrl/ko/1": "bitwise",
    }
    assert found["passed"] is True
    assert found["differences"] == []


def test_nothing_but_the_code_may_differ_on_one_machine(again: tuple[Result, dict[str, Any]]) -> None:
    differ = {name for cell in again[1]["cells"] for name in cell["differences"]}
    assert {name for name in differ if not name.startswith("code.")} == set()


def test_verifying_changes_nothing_in_the_folder(finished: Run, again: tuple[Result, dict[str, Any]]) -> None:
    assert checksums.differences(finished.folder) == []


def test_other_threads_and_another_batch_size_get_the_grade_that_fits(finished: Run, tmp_path: Path) -> None:
    arguments = ("verify", finished.folder, "--cells", "mnrl/ko/0", "--encode-batch-size", "7", "--out", "again.json")
    done = spawn("-m", "harness", *arguments, cwd=tmp_path, HARNESS_THREADS="2")
    assert done.status == 0, done.err
    (cell,) = read_json(tmp_path / "again.json")["cells"]
    assert cell["word"] in ("numerical", "statistical")
    assert cell["run_equal"] is False
    assert cell["differences"]["environment.threads"] == {"then": "1", "now": "2"}
    assert cell["differences"]["computation.encode_batch_size"] == {"then": "64", "now": "7"}


def published(copy: Path, *cells: str) -> Path:
    """Leave the rankings of some cells out of a folder, and write its pages without them."""
    for cell in cells:
        (copy / f"records/{cell}.run.gz").unlink()
    (copy / "SHA256SUMS").unlink()
    assert invoke("report", copy).status == 0
    return copy


def forged(copy: Path, change: Callable[[dict[str, Any]], None], cell: str) -> Path:
    """Change a record, write the report again from it, and make the list of hashes fit."""
    path = copy / f"records/{cell}.json"
    record = read_json(path)
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")
    (copy / "SHA256SUMS").unlink()
    assert invoke("report", copy).status == 0
    return copy


def test_a_folder_as_written_is_proven_without_a_rerun_and_says_what_is_not(finished: Run) -> None:
    done = invoke("verify", finished.folder, "--tables-only")
    assert (done.status, done.err) == (0, "")
    proven, _, open_questions = done.out.partition("## Proven")[2].partition("## Not proven")
    assert ": equal byte for byte to what the records give" in proven
    assert "records: 6 state the request of run.json and the means of their scores" in proven
    assert "left out" not in done.out
    assert "rankings of ko: scored with the suite's judgments, with the stored scores: 6" in proven
    assert "not rerun: 6 cells, of which weights, ranking, MTEB tasks, geometry" in open_questions
    assert "seconds, memory, energy" in open_questions
    assert "can be written again by whoever changes a file" in open_questions


def test_a_forged_leaderboard_with_hashes_made_to_fit_is_named(copy: Path) -> None:
    path = copy / "leaderboard.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("mnrl,ko,AP,0.", "mnrl,ko,AP,0.9", 1), encoding="utf-8")
    checksums.seal(copy, ["leaderboard.csv"])
    done = invoke("verify", copy, "--tables-only", "--out", copy.parent / "verify.json")
    assert done.status == 1
    (mismatch,) = read_json(copy.parent / "verify.json")["mismatches"]
    assert mismatch["file"] == "leaderboard.csv"
    assert mismatch["what"].startswith("row mini/mnrl/ko/AP, mean is '0.9")


def test_a_forged_score_of_a_query_is_not_that_of_its_ranking(copy: Path) -> None:
    path = copy / "records/bm25/ko/0.json"
    stored = record.read(path)
    scores = Reader(copy).read(stored).by_measure()
    scores["AP"] = dict.fromkeys(scores["AP"], 1.0)
    record.rewrite(copy, stored.model_copy(update={"measures": {**stored.measures, "AP": 1.0}}), scores)
    forged(copy, lambda _: None, "bm25/ko/0")
    done = invoke("verify", copy, "--tables-only")
    assert done.status == 1
    assert "- records/bm25/ko/0.json: the stored scores are not those of the stored ranking" in done.out


def test_a_forged_geometry_is_named_by_a_rerun(copy: Path) -> None:
    def change(record: dict[str, Any]) -> None:
        record["geometry"]["after"]["uniformity"] -= 0.5

    forged(copy, change, "mnrl/ko/1")
    assert invoke("verify", copy, "--tables-only").status == 0  # nothing in the folder contradicts it
    done = invoke("verify", copy, "--cells", "mnrl/ko/1", "--jobs", "1")
    assert done.status == 1
    assert "| mnrl/ko/1 | failed | weights and ranking are equal; geometry.after.uniformity is " in done.out


def test_a_damaged_record_is_a_mismatch_and_nothing_is_rerun(copy: Path) -> None:
    path = copy / "records/bm25/ko/0.json"
    path.write_text(json.dumps({**read_json(path), "n_queries": 7}), encoding="utf-8")
    checksums.seal(copy, ["records/bm25/ko/0.json"])
    done = invoke("verify", copy)
    assert done.status == 1
    assert "names 7 queries and has scores of" in done.out
    assert "No cell was run again." in done.out


def test_cells_and_no_rerun_exclude_each_other(finished: Run) -> None:
    done = invoke("verify", finished.folder, "--tables-only", "--cells", "bm25/ko/0")
    assert (done.status, done.line) == (2, "harness: --cells bm25/ko/0: no cell is rerun with --tables-only")


def test_a_ranking_that_was_not_published_is_made_again_and_held_against_its_sha256(copy: Path) -> None:
    done = invoke("verify", published(copy, "bm25/ko/0", "mnrl/ko/0"), "--cells", "bm25/ko/0")
    assert done.status == 0, done.err
    assert "Left out of this folder: 2 rankings (records hold the sha256)." in done.out
    assert "Run again: 1 cell, 1 bitwise, 0 numerical, 0 statistical, 0 failed." in done.out


def test_commands_in_messages_are_code_and_data_is_escaped(copy: Path) -> None:
    found = Finding("records/a_b.json", "changed; declare it with `harness data pin my_suite.toml`, or *restore* it")
    page = as_markdown(Verification(copy, 1, (), proof=Proof(mismatches=(found,))))
    line = "- records/a\\_b.json: changed; declare it with `harness data pin my_suite.toml`, or \\*restore\\* it"
    assert line in page.splitlines()


def test_rankings_that_were_left_out_are_not_proven_and_told_from_missing_ones(copy: Path) -> None:
    done = invoke("verify", published(copy, "bm25/ko/0", "mnrl/ko/0"), "--tables-only")
    assert done.status == 0, done.err
    assert "- rankings of ko: left out of this folder, so that their scores were not computed: 2" in done.out


def test_a_ranking_that_was_there_when_the_list_was_written_is_missing(copy: Path) -> None:
    (copy / "records/mnrl/ko/0.run.gz").unlink()
    done = invoke("verify", copy, "--hashes-only")
    assert done.status == 1
    assert "- missing: records/mnrl/ko/0.run.gz" in done.out
    assert "Left out" not in done.out


def test_a_changed_file_is_named_and_no_cell_is_run_again(copy: Path) -> None:
    path = copy / "records/mnrl/ko/0.json"
    path.write_bytes(path.read_bytes().replace(b'"seed": 0', b'"seed": 1'))
    done = invoke("verify", copy)
    assert done.status == 1
    assert "- changed: records/mnrl/ko/0.json" in done.out
    assert "No cell was run again." in done.out


def test_a_record_that_was_put_together_before_the_list_was_written_is_named(copy: Path) -> None:
    shutil.copy(copy / "records/mnrl/ko/0.run.gz", copy / "records/mnrl/ko/1.run.gz")
    checksums.seal(copy, ["records/mnrl/ko/1.run.gz"])
    done = invoke("verify", copy, "--hashes-only")
    assert done.status == 1
    assert "names other files than those beside it: records/mnrl/ko/1.json" in done.out


def test_an_untouched_folder_passes_by_its_hashes(finished: Run) -> None:
    done = invoke("verify", finished.folder, "--hashes-only")
    assert done.status == 0
    assert "As they were written: " in done.out


def test_a_request_that_comes_to_another_plan_is_rejected_with_what_differs(copy: Path) -> None:
    folder = changed_run(copy, lambda run: run["resolved"].update(suite_digest="0" * 64))
    done = invoke("verify", folder)
    assert done.status == 2
    assert "cannot be rebuilt: its request resolves differently here (in suite_digest)" in done.line


@pytest.mark.parametrize("name", ["data_dir", "base_model", "train_file", "write_prompt"])
def test_a_place_of_the_machine_that_made_the_folder_is_asked_for_whether_it_is_here_or_not(
    copy: Path, tmp_path: Path, name: str
) -> None:
    option = f"--{name.replace('_', '-')}"
    for place in (tmp_path, tmp_path / "nowhere"):
        folder = changed_run(copy, lambda run, place=place: run["request"].update({name: str(place)}))  # type: ignore[misc]
        done = invoke("verify", folder)
        assert done.status == 2
        asked = f"was made with {option} {place}; what run.json names is not opened: say where it is here with {option}"
        assert asked in done.line


def test_all_places_are_asked_for_at_once_and_given_ones_are_not(copy: Path, tmp_path: Path) -> None:
    places = {"data_dir": "/data", "train_file": "ko=/rows.jsonl", "negative_queries": "endpoint:any"}
    folder = changed_run(copy, lambda run: run["request"].update(places))
    asked = invoke("verify", folder).line
    assert asked.endswith("say where it is here with --data-dir, --train-file, --negative-queries")
    assert invoke("verify", folder, "--data-dir", tmp_path).line.endswith("with --train-file, --negative-queries")


def test_a_model_of_the_hub_is_opened_at_its_revision_unless_a_folder_has_its_name(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision, pinned = "0" * 40, {"id": "none/model", "revision": "0" * 40}

    def hub(run: dict[str, Any]) -> None:
        run["request"].update(base_model="none/model")
        run["resolved"].update(base_model=pinned)

    folder = changed_run(copy, hub)
    monkeypatch.chdir(copy)
    assert "what run.json names" not in invoke("verify", folder).err
    (copy / f"none/model@{revision}").mkdir(parents=True)
    assert "say where it is here with --base-model" in invoke("verify", folder).line


def test_plugins_of_installed_packages_need_no_folder(copy: Path) -> None:
    folder = changed_run(copy, lambda run: run["request"].update(methods_path="/nowhere"))
    done = invoke("verify", folder, "--cells", "bm25/ko/0", "--jobs", "1")
    assert "Run again: 1 cell, 1 bitwise" in done.out  # the pages, which show another command, differ


def test_a_request_with_a_value_of_the_wrong_type_is_damaged(copy: Path) -> None:
    folder = changed_run(copy, lambda run: run["request"].update(seeds="0,1"))
    done = invoke("verify", folder)
    assert done.status == 2
    assert f"{folder}/run.json: request.seeds = '0,1': must be a list; run the request again" in done.line


def test_a_request_without_a_key_has_its_default_and_resolves_differently(copy: Path) -> None:
    folder = changed_run(copy, lambda run: run["request"].pop("seeds"))
    done = invoke("verify", folder)
    assert done.status == 2
    assert "its request resolves differently here (in seeds)" in done.line


def test_an_unknown_cell_is_rejected_with_the_nearest(finished: Run) -> None:
    done = invoke("verify", finished.folder, "--cells", "mnrl/ko/7")
    assert done.status == 2
    assert "unknown cell 'mnrl/ko/7'; did you mean 'mnrl/ko/" in done.line


def test_a_page_inside_the_verified_folder_is_rejected(finished: Run) -> None:
    done = invoke("verify", finished.folder, "--out", finished.folder / "verify.md")
    assert done.status == 2
    assert "is inside the folder that is verified" in done.line


def test_no_folder_is_one_line(tmp_path: Path) -> None:
    assert invoke("verify", tmp_path / "absent").status == 2
    assert "has no SHA256SUMS" in invoke("verify", tmp_path).line


def test_records_are_all_failed_is_nothing_measured(copy: Path) -> None:
    for path in (copy / "records").rglob("*.json"):
        one = read_json(path)
        one.update(status="failed", reason="as a test wants it")
        path.write_text(json.dumps(one), encoding="utf-8")
    checksums.seal(copy, [path.relative_to(copy).as_posix() for path in (copy / "records").rglob("*.json")])
    assert invoke("verify", copy).status == 3


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--tables-only", "--base-model", "here"), "--base-model here: no cell is rerun with --tables-only"),
        (("--tables-only", "--jobs", "3"), "--jobs 3: no cell is rerun with --tables-only"),
        (("--hashes-only", "--data-dir", "."), "--data-dir .: nothing is rebuilt with --hashes-only"),
        (("--hashes-only", "--tables-only"), "--hashes-only and --tables-only exclude each other; give one"),
    ],
)
def test_an_option_without_effect_is_refused(tmp_path: Path, options: tuple[str, ...], problem: str) -> None:
    result = invoke("verify", tmp_path, *options)
    assert (result.status, result.line) == (2, f"harness: {problem}")
