"""A record contains everything that decided its numbers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from support.commands import Run, invoke

from harness.errors import RequestError
from harness.keys import folder_sha256
from harness.machine import determinism, torch_state
from harness.machine.artifact_manifest import DIGEST, sealed
from harness.machine.code import _revision, code
from harness.machine.hardware import environment
from harness.machine.store import MANIFEST
from harness.results import record
from harness.results.makers import reused_outputs
from harness.results.record import Record
from harness.stages import trained_model
from harness.stages.lineage import train_key


@pytest.fixture(scope="module")
def trained(finished: Run) -> Record:
    return record.read(finished.records / "mnrl/ko/0.json")


def test_the_environment_has_packages_threads_and_determinism_settings(trained: Record) -> None:
    environment = trained.provenance["environment"]
    assert environment["threads"] == "1"
    assert environment["torch_threads"] == 1
    assert environment["deterministic"] is True
    assert environment["determinism"]["cudnn_benchmark"] is False
    assert environment["determinism"]["cublas_workspace"] == ":4096:8"
    assert {"torch", "transformers", "sentence-transformers", "numpy", "scipy"} <= environment["packages"].keys()
    assert isinstance(environment["cpu_instructions"], list)


def test_the_computation_has_dtypes_batch_sizes_and_attention(trained: Record) -> None:
    assert trained.provenance["computation"] == {
        "encode_dtype": "float32",
        "encode_batch_size": 64,
        "encode_tokens": 1024,
        "train_dtype": "float32",
        "train_mixed_precision": "no",
        "train_batch_size": 32,
        "attention_implementation": "sdpa",
        "similarity": "cosine",
        "normalized": True,
        "pooling": ["mean"],
        "truncate_dim": None,
        "prompts": {"query": "", "passage": ""},
    }


def test_the_revision_is_read_and_nothing_is_written_in_the_checkout(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True)

    (tmp_path / "a").write_text("a", encoding="utf-8")
    git("init", "--quiet")
    git("add", "a")
    git("commit", "--quiet", "--message", "a")
    os.utime(tmp_path / "a", (1, 1))  # git would write the new time into its index
    index = tmp_path / ".git" / "index"
    before = index.read_bytes()
    assert _revision(tmp_path)["dirty"] is False
    assert index.read_bytes() == before


def test_every_stage_names_its_maker_and_the_score_is_of_the_process_that_wrote_the_record(trained: Record) -> None:
    makers = trained.provenance["makers"]
    assert {run.made_by for run in trained.stages} == makers.keys()
    assert trained.stages[-1].stage == "score"
    assert makers[trained.stages[-1].made_by]["code"] == code()
    ranking = next(run for run in trained.stages if run.stage == "retrieve")
    assert makers[ranking.made_by]["code"] == trained.provenance["code"]
    assert {**makers[ranking.made_by]["environment"], "device": "cpu"} == trained.provenance["environment"]


def test_a_record_of_reused_outputs_names_what_made_them_and_not_its_own_process(
    finished: Run, trained: Record, tmp_path: Path
) -> None:
    for run in trained.stages[:-1]:
        place = Path(run.stage, run.key[:2], run.key)
        shutil.copytree(finished.cache / place, tmp_path / "cache" / place, dirs_exist_ok=True)
        manifest = tmp_path / "cache" / place / MANIFEST
        content = json.loads(manifest.read_bytes())
        content["made_by"]["environment"]["cpu"] = "another"
        content["found"] = {"dtype": "float64"}
        del content[DIGEST]
        manifest.write_bytes(sealed(content))
    request = ("run", "--suite", "mini", "--langs", "ko", "--methods", "mnrl", "--seeds", "0", "--max-train", "40")
    arguments = ("--set", "train.epochs=1", "--device", "cpu", "--jobs", "1", "--cache-dir", str(tmp_path / "cache"))
    assert invoke(*request, *arguments, "--out", str(tmp_path / "out")).status == 0
    reused = record.read(tmp_path / "out/records/mnrl/ko/0.json")
    assert [run.stage for run in reused.stages if not run.cached] == ["score"]
    assert reused.provenance["environment"]["cpu"] == "another"
    assert [reused.provenance["computation"][name] for name in ("encode_dtype", "train_dtype")] == ["float64"] * 2
    assert reused.provenance["makers"][reused.stages[-1].made_by]["environment"]["cpu"] == environment()["cpu"]
    note = f"train: made with environment.cpu another, here {environment()['cpu']}"
    assert note in [str(output) for output in reused_outputs(reused)]
    page = (tmp_path / "out/entries/mnrl.html").read_text(encoding="utf-8")
    assert "made by another machine, library or code version" in page
    assert "<dt>reused outputs</dt><dd>" in page
    assert f"- reused output: {note} (1 cell, first mnrl/ko/0)" in (tmp_path / "out/leaderboard.md").read_text()


def test_the_base_model_is_identified_by_the_digest_of_its_files(trained: Record, finished: Run) -> None:
    key = next(run.key for run in trained.stages if run.stage == "base")
    assert trained.provenance["base_model_sha256"] == folder_sha256(finished.cache / "base" / key[:2] / key)


def test_weights_in_either_format_are_hashed(tmp_path: Path) -> None:
    (tmp_path / "2_Dense").mkdir()
    for name in ("pytorch_model.bin", "2_Dense/model.safetensors", "training_args.bin"):
        (tmp_path / name).write_bytes(name.encode())
    assert set(trained_model._weights(tmp_path)) == {"pytorch_model.bin", "2_Dense/model.safetensors"}


def test_a_ranker_has_no_model_base_computation_or_training(finished: Run) -> None:
    ranker = record.read(finished.records / "bm25/ko/0.json").provenance
    assert [ranker[name] for name in ("model", "base_model_sha256", "computation", "training")] == [None] * 4


def test_data_digests_cover_corpus_queries_judgments_and_training_rows(trained: Record) -> None:
    assert {"corpus", "queries", "dev", "train", "nli", "mined"} <= trained.provenance["data"]["digests"].keys()


def test_the_code_is_identified_by_its_files_and_a_dirty_checkout_by_its_diff() -> None:
    version = code()
    assert len(version["sources_sha256"]) == 64
    if "revision" in version:
        assert len(version["revision"]) == 40
        assert date.fromisoformat(version["revision_date"]).year >= 2024
        assert version["dirty"] == ("diff_sha256" in version)


def test_the_driver_is_read_from_the_kernel(tmp_path: Path) -> None:
    path = tmp_path / "version"
    path.write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build\nGCC version: 12"
    )
    assert torch_state.driver(path) == "570.124.06"
    assert torch_state.driver(tmp_path / "absent") is None


def test_a_number_of_threads_other_than_one_is_in_the_variables_and_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_THREADS", "1")
    assert determinism.thread_settings() == {}  # the same keys as without the variable
    monkeypatch.setenv("HARNESS_THREADS", "3")
    assert determinism.thread_settings() == {"threads": 3}
    assert determinism.variables()["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("value", ["0", "-1", "two", "", "1.5"])
def test_an_invalid_number_of_threads_is_rejected(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HARNESS_THREADS", value)
    with pytest.raises(RequestError, match=f"^HARNESS_THREADS={value} is not a positive integer; set threads"):
        determinism.threads()


def test_the_number_of_threads_is_in_the_key_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.request import entries, suite
    from harness.request.cell import Cell, Place
    from harness.request.settings import on_suite

    mini = suite.load("mini")
    (entry,) = entries.resolve(["mnrl"], entries.declared())
    cell = Cell(mini, on_suite(entry, mini), "ko", 0, Place(Path("cache")))
    monkeypatch.setenv("HARNESS_THREADS", "1")
    single_threaded = train_key(cell)
    monkeypatch.setenv("HARNESS_THREADS", "2")
    assert train_key(cell) != single_threaded
