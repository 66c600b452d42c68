"""Published encoders of a suite in a stand-in of the hub's cache, without a network."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import huggingface_hub.constants
import pytest

from harness.data import hub_encoders
from harness.errors import RequestError
from harness.request import suite
from harness.request.manifest import PinnedBase

REVISION = "0123456789abcdef0123456789abcdef01234567"
MODEL = PinnedBase(id="someone/encoder", revision=REVISION)
OTHER = PinnedBase(id="someone/other", revision=REVISION)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return tmp_path


@pytest.fixture
def folder(cache: Path) -> Path:
    root = cache / "models--someone--encoder"
    for name, content in {"config.json": b"{}", "model.safetensors": b"weights"}.items():
        blob = root / "blobs" / hashlib.sha256(content).hexdigest()
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        pointer = root / "snapshots" / REVISION / name
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.symlink_to(os.path.relpath(blob, pointer.parent))
    return root / "snapshots" / REVISION


def with_models(base: PinnedBase, expert: PinnedBase) -> suite.Suite:
    mini = suite.load("mini")
    experts = tuple(row.model_copy(update={"encoder": expert, "ranker": None}) for row in mini.experts[:2])
    return mini.model_copy(update={"base_model": base, "experts": experts})


def test_base_and_experts_are_listed_once() -> None:
    assert hub_encoders.encoders(with_models(MODEL, OTHER)) == [MODEL, OTHER]
    assert hub_encoders.encoders(with_models(MODEL, MODEL)) == [MODEL]
    assert hub_encoders.encoders(suite.load("mini")) == []


def test_every_file_of_a_cached_model_has_a_state_and_a_model_that_is_not_cached_is_missing(folder: Path) -> None:
    (folder / "model.safetensors").resolve().write_bytes(b"other")
    states = {row.file: row.state for row in hub_encoders.states(with_models(MODEL, OTHER))}
    assert states == {
        "someone/encoder/config.json": "present",
        "someone/encoder/model.safetensors": "damaged",
        "someone/other": "missing",
    }


def test_a_cached_model_is_found_without_a_network(folder: Path) -> None:
    assert hub_encoders.snapshot(MODEL) == folder
    hub_encoders.fetch(with_models(MODEL, MODEL))


def test_a_missing_model_is_one_line_that_names_the_command(cache: Path) -> None:
    with pytest.raises(RequestError, match=r"'someone/other' at 0123.* run `harness data fetch SUITE`") as caught:
        hub_encoders.snapshot(OTHER)
    assert "\n" not in str(caught.value)


def test_the_papers_suite_pins_its_base_and_its_eight_experts() -> None:
    models = hub_encoders.encoders(suite.load("miracl"))
    assert models[0].id == "BAAI/bge-m3"
    assert len(models) == 8  # bge-m3 is base and expert
