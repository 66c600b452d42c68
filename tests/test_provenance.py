"""A record contains everything that decided its numbers."""

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
        "train_dtype": "float32",
        "train_batch_size": 32,
        "attention_implementation": "sdpa",
    }


def test_the_base_model_is_identified_by_the_digest_of_its_files(trained: Record, finished: Run) -> None:
    key = next(run.key for run in trained.stages if run.stage == "base")
    assert trained.provenance["base_model_sha256"] == folder_sha256(finished.cache / "base" / key[:2] / key)


def test_weights_in_either_format_are_hashed(tmp_path: Path) -> None:
    (tmp_path / "2_Dense").mkdir()
    for name in ("pytorch_model.bin", "2_Dense/model.safetensors", "training_args.bin"):
        (tmp_path / name).write_bytes(name.encode())
    model = provenance._model(tmp_path)
    assert model is not None
    assert set(model["weights"]) == {"pytorch_model.bin", "2_Dense/model.safetensors"}


def test_a_ranker_has_no_model_base_computation_or_training(finished: Run) -> None:
    ranker = record.read(finished.records / "bm25/ko/0.json").provenance
    assert [ranker[name] for name in ("model", "base_model_sha256", "computation", "training")] == [None] * 4


def test_data_digests_cover_corpus_queries_judgments_and_training_rows(trained: Record) -> None:
    assert {"corpus", "queries", "dev", "train", "nli", "mined"} <= trained.provenance["data"]["digests"].keys()


def test_the_code_is_identified_by_its_files_and_a_dirty_checkout_by_its_diff() -> None:
    code = provenance.code()
    assert len(code["sources_sha256"]) == 64
    if "revision" in code:
        assert len(code["revision"]) == 40
        assert code["dirty"] == ("diff_sha256" in code)


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
