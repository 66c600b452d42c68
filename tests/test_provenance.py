"""A record says everything that decided its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import Run

from harness import provenance
from harness.errors import RequestError
from harness.keys import folder_sha256
from harness.machine import determinism, torch_state
from harness.results import record
from harness.results.record import Record
from harness.stages import train


@pytest.fixture(scope="module")
def trained(finished: Run) -> Record:
    return record.read(finished.records / "mnrl/ko/0.json")


def test_the_environment_names_processor_instructions_threads_and_switches(trained: Record) -> None:
    said = trained.provenance["environment"]
    assert said["threads"] == "1"
    assert said["torch_threads"] == 1
    assert said["deterministic"] is True
    assert said["determinism"]["cudnn_benchmark"] is False
    assert said["determinism"]["cublas_workspace"] == ":4096:8"
    assert {"torch", "transformers", "sentence-transformers", "numpy", "scipy"} <= said["packages"].keys()
    assert isinstance(said["cpu_instructions"], list)


def test_the_computation_names_dtypes_batches_and_attention(trained: Record) -> None:
    assert trained.provenance["computation"] == {
        "encode_dtype": "float32",
        "encode_batch_size": 64,
        "train_dtype": "float32",
        "train_batch_size": 32,
        "attention_implementation": "sdpa",
    }


def test_the_base_model_is_named_by_the_digest_of_its_files(trained: Record, finished: Run) -> None:
    key = next(run.key for run in trained.stages if run.stage == "base")
    assert trained.provenance["base_model_sha256"] == folder_sha256(finished.cache / "base" / key[:2] / key)


def test_a_ranker_has_neither_model_nor_base_nor_computation(finished: Run) -> None:
    said = record.read(finished.records / "bm25/ko/0.json").provenance
    assert [said[name] for name in ("model", "base_model_sha256", "computation", "training")] == [None] * 4


def test_data_digests_cover_corpus_queries_judgments_and_training_rows(trained: Record) -> None:
    assert {"corpus", "queries", "dev", "train", "nli", "mined"} <= trained.provenance["data"]["digests"].keys()


def test_the_code_is_named_by_its_files_and_a_changed_checkout_by_its_diff() -> None:
    said = provenance.code()
    assert len(said["sources_sha256"]) == 64
    if "revision" in said:
        assert len(said["revision"]) == 40
        assert said["dirty"] == ("diff_sha256" in said)


def test_the_driver_is_read_from_the_kernel(tmp_path: Path) -> None:
    path = tmp_path / "version"
    path.write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build\nGCC version: 12"
    )
    assert torch_state.driver(path) == "570.124.06"
    assert torch_state.driver(tmp_path / "absent") is None


def test_another_number_of_threads_is_in_the_variables_and_in_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_THREADS", "1")
    assert determinism.thread_settings() == {}  # the keys are those of a run without the variable
    monkeypatch.setenv("HARNESS_THREADS", "3")
    assert determinism.thread_settings() == {"threads": 3}
    assert determinism.variables()["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize("given", ["0", "-1", "two", "", "1.5"])
def test_no_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("HARNESS_THREADS", given)
    with pytest.raises(RequestError, match=f"^HARNESS_THREADS={given} is not a positive integer; set threads"):
        determinism.threads()


def test_trained_weights_of_another_number_of_threads_have_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.execution import plan
    from harness.request import entries, suite
    from harness.request.cell import Cell, Place

    mini = suite.load("mini")
    (entry,) = entries.resolve(["mnrl"], entries.declared())
    cell = Cell(mini, plan.for_suite(entry, mini), "ko", 0, Place(Path("cache")))
    monkeypatch.setenv("HARNESS_THREADS", "1")
    one = train.key_of(cell)
    monkeypatch.setenv("HARNESS_THREADS", "2")
    assert train.key_of(cell) != one
