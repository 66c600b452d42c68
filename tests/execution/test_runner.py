"""Real runs: what they leave on disk, what their records trace, and what the same request does a second time."""

from __future__ import annotations

import csv
import gzip
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.commands import REQUEST, Result, Run, invoke, read_json, request, snapshot, write_plugin

from harness.keys import folder_sha256
from harness.results import checksums, record

CELLS = ["base/ko/0", "bm25/ko/0", "infonce-random/ko/0", "infonce-random/ko/1", "mnrl/ko/0", "mnrl/ko/1"]


def records(run: Run) -> Iterator[record.Record]:
    yield from record.read_all(run.folder)


def numbers(run: Run) -> dict[str, object]:
    """Return what a repeated run must reproduce in every cell, bit for bit."""
    return {
        f"{stored.entry}/{stored.language}/{stored.seed}": (
            *(stored.cell_key, stored.measures, stored.files, stored.provenance["ties"]),
            *(stored.provenance["model"], stored.provenance["training"], stored.provenance["data"]),
        )
        for stored in records(run)
    }


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def copy(finished: Run, tmp_path: Path) -> Run:
    """Return the finished run in a folder that may be changed."""
    folder = tmp_path / "out"
    shutil.copytree(finished.folder, folder)
    return Run((*REQUEST, "--out", str(folder)), folder, finished.cache, ())


def test_a_run_leaves_its_records_and_its_leaderboard_and_nothing_else(finished: Run) -> None:
    assert finished.results[0].status == 0
    beside = [f"records/{cell}{suffix}" for cell in CELLS for suffix in (".json", ".per_query.parquet", ".run.gz")]
    top = [
        "SHA256SUMS",
        "claims.csv",
        "contrasts.csv",
        "evidence.csv",
        "geometry.csv",
        "references.bib",
        "report.json",
        "run.json",
        "signatures.csv",
    ]
    top += [f"leaderboard.{form}" for form in ("csv", "html", "json", "md", "tex")]
    pages = [f"entries/{entry}.html" for entry in ("base", "bm25", "infonce-random", "mnrl")]
    assert names(finished.folder) == sorted([*beside, *top, *pages, "queries/ko.html"])


def test_no_output_is_computed_by_two_cells(finished: Run) -> None:
    made = [(run.stage, run.key) for stored in records(finished) for run in stored.stages if not run.cached]
    assert {stage for stage, _ in made} >= {"encode", "geometry", "mine", "retrieve", "score", "train"}
    assert len(made) == len(set(made))


def test_a_run_ends_with_the_table_and_the_path_of_the_page(finished: Run) -> None:
    lines = finished.results[0].out.rstrip().splitlines()
    assert lines[-1] == f"leaderboard: {finished.folder}/leaderboard.html"
    assert any(line.startswith("infonce-random") for line in lines)


def test_the_page_of_the_leaderboard_has_the_unrounded_means_of_the_records(finished: Run) -> None:
    with (finished.folder / "leaderboard.csv").open(encoding="utf-8") as file:
        rows = {(row["entry"], row["language"], row["measure"]): row for row in csv.DictReader(file)}
    means = {str(stored.seed): stored.measures["AP"] for stored in records(finished) if stored.entry == "mnrl"}
    row = rows["mnrl", "ko", "AP"]
    assert float(row["mean"]) == pytest.approx((means["0"] + means["1"]) / 2, abs=1e-12)
    assert (row["n_queries"], row["n_seeds"]) == ("256", "2")


def test_run_json_holds_the_request_and_what_it_resolved_to(finished: Run) -> None:
    run = read_json(finished.folder / "run.json")
    assert run["request"]["seeds"] == [0, 1]
    assert run["request"]["set"] == ["train.epochs=1"]
    assert run["resolved"]["max_train"] == 40
    assert list(run["resolved"]["entries"]) == sorted(["base", "bm25", "mnrl", "infonce-random"])
    assert run["suite"]["training"]["ranking"]["epochs"] == 1.0
    assert run["environment"]["packages"]["torch"]


def test_a_record_has_the_sha256_of_the_files_beside_it(finished: Run) -> None:
    for stored in records(finished):
        path = record.path_of(finished.folder, stored.entry, stored.language, stored.seed)
        assert set(stored.files) == {"per_query.parquet", "run.gz"}
        for suffix, sha256 in stored.files.items():
            assert hashlib.sha256(record.beside(path, suffix).read_bytes()).hexdigest() == sha256


def test_a_mean_in_a_record_is_that_of_its_per_query_file(finished: Run) -> None:
    for stored in records(finished):
        path = record.path_of(finished.folder, stored.entry, stored.language, stored.seed)
        rows = pq.read_table(record.beside(path, "per_query.parquet")).to_pylist()
        assert len(rows) == 256 * 5
        for measure, mean in stored.measures.items():
            values = [row["value"] for row in rows if row["measure"] == measure]
            assert mean == pytest.approx(sum(values) / 256, abs=1e-12)


def test_a_trec_run_has_strictly_decreasing_scores_and_its_ranks_in_order(finished: Run) -> None:
    for path in finished.records.rglob("*.run.gz"):
        last: tuple[str, int, float] = ("", 0, float("inf"))
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            query, _, _, rank, score, tag = line.split(" ")
            assert tag == path.parent.parent.name
            if query == last[0]:
                assert int(rank) == last[1] + 1
                assert float(score) < last[2]
            last = (query, int(rank), float(score))


def test_a_record_lists_its_stages_and_their_keys(finished: Run) -> None:
    stages = {
        f"{stored.entry}/{stored.seed}": list(dict.fromkeys(run.stage for run in stored.stages[:-1]))
        for stored in records(finished)
    }
    assert stages["bm25/0"] == ["prepare", "retrieve"]
    assert stages["base/0"] == ["prepare", "base", "encode", "retrieve", "geometry"]
    for trained in ("mnrl/1", "infonce-random/0"):  # the first that measures the base's geometry encodes for it
        stages[trained] = [stage for stage in stages[trained] if stage != "encode"]
    assert stages["mnrl/1"] == ["prepare", "base", "train", "retrieve", "geometry"]
    assert stages["infonce-random/0"] == ["prepare", "mine", "base", "train", "retrieve", "geometry"]
    for stored in records(finished):
        assert stored.stages[-1].stage == "score"  # which is never stored
        for run in stored.stages[:-1]:
            assert (finished.cache / run.stage / run.key[:2] / run.key / ".artifact.json").is_file()


def test_a_record_holds_what_decided_its_numbers(finished: Run) -> None:
    for stored in records(finished):
        provenance = stored.provenance
        assert len(stored.cell_key) == 64
        assert provenance["suite_digest"] == read_json(finished.folder / "run.json")["suite_digest"]
        assert provenance["text"]["title_join"] == " "
        assert provenance["data"]["max_train"] == provenance["data"]["train_queries"] == 40
        assert provenance["environment"]["device"] == "cpu"
        assert provenance["environment"]["threads"] == "1"
        assert provenance["environment"]["deterministic"] is True
        assert stored.trained == (provenance["training"] is not None)


def test_the_model_that_a_record_names_is_the_one_in_the_store(finished: Run) -> None:
    stored = record.read(finished.records / "mnrl/ko/1.json")
    (key,) = [run.key for run in stored.stages if run.stage == "train"]
    (weights,) = (finished.cache / "train" / key[:2] / key).rglob("*.safetensors")
    assert stored.provenance["model"]["weights"][weights.name] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert stored.provenance["model"]["sha256"] == folder_sha256(finished.cache / "train" / key[:2] / key)


def test_two_seeds_train_two_models_on_other_batches(finished: Run) -> None:
    for entry in ("mnrl", "infonce-random"):
        first, second = (record.read(finished.records / f"{entry}/ko/{seed}.json") for seed in (0, 1))
        assert first.provenance["model"]["weights"] != second.provenance["model"]["weights"]
        assert first.provenance["training"]["losses"] != second.provenance["training"]["losses"]
        assert first.provenance["data"] == second.provenance["data"]


def test_training_changes_the_model(finished: Run) -> None:
    base = record.read(finished.records / "base/ko/0.json")
    tuned = record.read(finished.records / "mnrl/ko/0.json")
    assert base.provenance["model"]["weights"] != tuned.provenance["model"]["weights"]
    assert base.files["run.gz"] != tuned.files["run.gz"]


def test_the_same_request_again_trains_nothing_and_changes_no_record(finished: Run) -> None:
    before, stored = snapshot(finished.records), snapshot(finished.cache / "train")
    repeated = invoke(*finished.arguments)
    assert (repeated.status, repeated.err) == (0, "nothing to run: 6 cells done\n")
    assert snapshot(finished.records) == before
    assert snapshot(finished.cache / "train") == stored


def test_the_same_command_in_another_folder_trains_nothing_and_gives_the_same_records(
    finished: Run, tmp_path: Path
) -> None:
    stored = snapshot(finished.cache / "train")
    repeated = Run((*REQUEST, "--out", str(tmp_path / "out")), tmp_path / "out", finished.cache, ())
    assert invoke(*repeated.arguments).status == 0
    assert numbers(repeated) == numbers(finished)
    assert snapshot(finished.cache / "train") == stored


@pytest.mark.parametrize("suffix", [".json", ".run.gz", ".per_query.parquet"])
def test_the_cell_of_a_damaged_file_is_run_again(copy: Run, finished: Run, suffix: str) -> None:
    path = copy.records / f"mnrl/ko/0{suffix}"
    path.write_bytes(path.read_bytes()[:-5])
    assert invoke(*copy.arguments).status == 0
    assert numbers(copy) == numbers(finished)
    assert record.read(copy.records / "mnrl/ko/0.json").stages[2].cached


def test_a_dry_run_writes_nothing_and_counts_what_is_cached(finished: Run, tmp_path: Path) -> None:
    result = invoke(*REQUEST, "--out", tmp_path / "out", "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert "6 of 6 cells to run, 4 of them already trained" in result.out
    assert not (tmp_path / "out").exists()
    before = snapshot(finished.folder)
    assert "0 of 6 cells to run" in invoke(*finished.arguments, "--dry-run").out
    assert snapshot(finished.folder) == before


def test_a_dry_run_names_the_records_that_are_made_again(copy: Run) -> None:
    copied = copy.folder
    (copied / "records/mnrl/ko/0.json").write_bytes(b"{")
    (copied / "records/mnrl/ko/1.per_query.parquet").unlink()
    result = invoke(*copy.arguments, "--dry-run")
    assert f"made again: record {copied}/records/mnrl/ko/0.json is damaged: Invalid JSON" in result.out
    assert f"made again: {copied}/records/mnrl/ko/1.per_query.parquet is missing" in result.out
    assert result.status == 0


def test_a_ranking_that_was_left_out_of_a_folder_is_not_called_damaged(copy: Run) -> None:
    for seed in (0, 1):
        (copy.records / f"mnrl/ko/{seed}.run.gz").unlink()
    missing = invoke(*copy.arguments, "--dry-run").out
    assert f"made again: {copy.records}/mnrl/ko/0.run.gz is missing" in missing
    (copy.folder / "SHA256SUMS").unlink()
    checksums.seal(copy.folder)
    (copy.records / "bm25/ko/0.run.gz").write_bytes(b"")
    left_out = invoke(*copy.arguments, "--dry-run").out
    assert "made again, as their rankings were left out of this folder: mnrl (2)" in left_out
    assert f"made again: {copy.records}/bm25/ko/0.run.gz was changed after it was written" in left_out
    assert "damaged" not in left_out


def test_the_folder_of_another_request_is_rejected_and_keeps_its_bytes(finished: Run) -> None:
    before = snapshot(finished.folder)
    result = invoke(*request("--max-train", "41"), "--out", finished.folder)
    assert result.status == 2
    assert "belongs to another request (it differs in max_train 40 → 41)" in result.line
    assert snapshot(finished.folder) == before


def test_a_record_copied_to_another_seed_is_rejected(copy: Run) -> None:
    original = record.read(copy.records / "mnrl/ko/0.json")
    for suffix in ("run.gz", "per_query.parquet"):
        shutil.copy(copy.records / f"mnrl/ko/0.{suffix}", copy.records / f"mnrl/ko/1.{suffix}")
    forged = original.model_copy(update={"seed": 1})
    (copy.records / "mnrl/ko/1.json").write_text(forged.model_dump_json(), encoding="utf-8")
    result = invoke("report", copy.folder)
    assert result.status == 2
    assert "equal weights under two seeds: mnrl/ko has the same model for 0 and 1" in result.line


def test_the_leaderboard_is_rebuilt_from_the_records_alone(copy: Run) -> None:
    before = {path.name: path.read_bytes() for path in copy.folder.glob("leaderboard.*")}
    for path in copy.folder.glob("leaderboard.*"):
        path.unlink()
    assert invoke("report", copy.folder).status == 0
    assert (copy.folder / "leaderboard.csv").read_bytes() == before["leaderboard.csv"]


def test_an_interrupt_has_status_130_and_one_last_line_and_keeps_finished_cells(interrupted: Run) -> None:
    first = interrupted.results[0]
    assert first.status == 130
    assert first.err.splitlines()[-1] == "harness: interrupted; run the same command again to resume"
    assert "Traceback" not in first.err
    assert not any(line.startswith("6/6") for line in first.err.splitlines())


def test_an_interrupted_run_resumes_and_ends_as_an_uninterrupted_one(interrupted: Run, finished: Run) -> None:
    second = interrupted.results[1]
    assert second.status == 0
    to_run = int(second.err.split(" of 6 cells to run")[0].split()[-1])
    assert 1 <= to_run <= 3
    assert numbers(interrupted) == numbers(finished)


def test_one_job_and_two_give_the_same_bytes_and_weights(finished: Run, interrupted: Run) -> None:
    def contents(run: Run) -> dict[str, bytes]:
        paths = (path for suffix in ("run.gz", "per_query.parquet") for path in run.records.rglob(f"*.{suffix}"))
        return {path.relative_to(run.records).as_posix(): path.read_bytes() for path in paths}

    def weights(run: Run) -> dict[str, object]:
        return {
            f"{stored.entry}/{stored.seed}": stored.provenance["model"] for stored in records(run) if stored.trained
        }

    assert "--jobs 2" in " ".join(finished.arguments)
    assert "--jobs 1" in " ".join(interrupted.arguments)
    assert len(contents(finished)) == 12
    assert contents(finished) == contents(interrupted)
    assert len(weights(finished)) == 4
    assert weights(finished) == weights(interrupted)


def test_every_file_matches_the_list_after_an_interruption_and_after_a_cell_was_run_again(
    interrupted: Run, finished: Run, tmp_path: Path
) -> None:
    assert checksums.differences(interrupted.folder) == []
    folder = shutil.copytree(finished.folder, tmp_path / "out")
    (folder / "records/bm25/ko/0.json").unlink()
    repeated = invoke(*REQUEST, "--out", folder)
    assert repeated.status == 0, repeated.err
    assert checksums.differences(folder) == []


def test_a_finished_run_leaves_no_partial_file_in_the_cache(interrupted: Run) -> None:
    assert [path for path in interrupted.cache.rglob(".making*") if path.exists()] == []
    assert list(interrupted.cache.glob(".partial/*")) == []


SYMMETRIC = """
from dataclasses import dataclass
from methods.mnrl import MNRL

@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesSymmetricRankingLoss
        return MultipleNegativesSymmetricRankingLoss(model)
"""


def test_a_loss_of_sentence_transformers_is_a_method_of_three_lines(finished: Run, tmp_path: Path) -> None:
    write_plugin(tmp_path / "methods", "symmetric", SYMMETRIC)
    options = ("--methods", "symmetric", "--methods-path", tmp_path / "methods", "--seeds", "0")
    result = invoke(*request(*options), "--out", tmp_path / "out")
    assert result.status == 0, result.err
    symmetric = record.read(tmp_path / "out/records/symmetric/ko/0.json")
    mnrl = record.read(finished.records / "mnrl/ko/0.json")
    assert symmetric.provenance["training"]["rows"] == mnrl.provenance["training"]["rows"] == 40
    assert symmetric.provenance["training"]["losses"] != mnrl.provenance["training"]["losses"]


def test_a_base_model_is_identified_by_the_content_of_its_folder(finished: Run, tmp_path: Path) -> None:
    original = record.read(finished.records / "base/ko/0.json")
    (key,) = [run.key for run in original.stages if run.stage == "base"]
    shutil.copytree(finished.cache / "base" / key[:2] / key, tmp_path / "model")

    def ask(model: str, *more: str) -> Result:
        asked = ("run", "--suite", "mini", "--langs", "ko", "--methods", "base", "--max-train", "40", "--device", "cpu")
        return invoke(*asked, "--base-model", tmp_path / model, "--out", tmp_path / "out", *more)

    assert ask("model").status == 0
    stored = record.read(tmp_path / "out/records/base/ko/0.json")
    assert stored.files == original.files
    assert stored.measures == original.measures
    assert stored.cell_key != original.cell_key
    assert stored.provenance["base_model"] == {"sha256": folder_sha256(tmp_path / "model")}
    (tmp_path / "model").rename(tmp_path / "moved")
    assert "0 of 1 cells to run" in ask("moved", "--dry-run").out
