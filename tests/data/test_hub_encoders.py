"""Published encoders of a suite in a stand-in of the hub's cache, without a network."""

from __future__ import annotations

import hashlib
import os
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

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


class FakeHub:
    """The two calls of the hub's client that a download makes: a repository's files, and what is downloaded of them."""

    def __init__(self, home: Path, files: tuple[str, ...], error: Exception | None = None) -> None:
        self.home, self.files, self.error = home, files, error

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(huggingface_hub, "list_repo_files", self.list_repo_files)
        patch.setattr(huggingface_hub, "snapshot_download", self.snapshot_download)

    def list_repo_files(self, repository: str, *, revision: str) -> list[str]:
        if self.error:
            raise self.error
        return list(self.files)

    def snapshot_download(self, repository: str, *, ignore_patterns: list[str] | None = None, **_: object) -> str:
        if self.error:
            raise self.error
        for name in self.files:
            if not any(fnmatch(name, pattern) for pattern in ignore_patterns or []):
                path = self.home / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return str(self.home)


MODEL_FILES = ("modules.json", "config.json", "onnx/model.onnx", "1_Pooling/config.json", "2_Dense/pytorch_model.bin")


@pytest.mark.parametrize(
    ("weights", "downloaded"),
    [
        (("model.safetensors", "pytorch_model.bin"), {"model.safetensors"}),
        (("pytorch_model.bin",), {"pytorch_model.bin"}),
        (
            ("model-00001-of-00001.safetensors", "pytorch_model-00001-of-00001.bin"),
            {"model-00001-of-00001.safetensors"},
        ),
    ],
)
def test_only_the_weights_that_are_opened_are_downloaded(
    weights: tuple[str, ...], downloaded: set[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeHub(cache / "out", (*MODEL_FILES, *weights)).install(monkeypatch)
    folder = hub_encoders.snapshot(PinnedBase(id=f"someone/{len(weights)}{weights[0]}", revision=REVISION))
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {*MODEL_FILES, *downloaded} - {"onnx/model.onnx"}


def gated() -> Exception:
    return GatedRepoError("401 Client Error.\nAccess is restricted.", response=httpx_response(401))


def httpx_response(status: int) -> Any:
    errors = pytest.importorskip("huggingface_hub.errors")
    library = next(
        kind.__module__.partition(".")[0] for kind in errors.HfHubHTTPError.__mro__ if "http" in kind.__module__
    )
    http = pytest.importorskip(library)
    return http.Response(status, request=http.Request("GET", "https://huggingface.co"))


def test_a_gated_model_is_said_to_be_gated_with_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeHub(cache / "out", (), gated()).install(monkeypatch)
    for ask in (hub_encoders.snapshot, hub_encoders.check_available):
        with pytest.raises(RequestError) as caught:
            ask(PinnedBase(id="someone/gated", revision=REVISION))
        assert "it is gated: accept its terms at https://huggingface.co/someone/gated, then set HF_TOKEN" in str(
            caught.value
        )
        assert "\n" not in str(caught.value)


def test_a_model_that_the_hub_does_not_have_is_one_line(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = RepositoryNotFoundError("404 Client Error.\nRepository Not Found", response=httpx_response(404))
    FakeHub(cache / "out", (), missing).install(monkeypatch)
    with pytest.raises(RequestError, match="does not load: the hub has no such model, or it is private"):
        hub_encoders.snapshot(PinnedBase(id="someone/none", revision=REVISION))


def test_an_availability_check_downloads_nothing(cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_encoders.check_available(MODEL)  # in the cache
    with pytest.raises(RequestError, match=r"'someone/other' at 0123.* does not load: HF_HUB_OFFLINE is set"):
        hub_encoders.check_available(OTHER)
    monkeypatch.setattr(huggingface_hub, "list_repo_files", lambda repository, revision: ["config.json"])
    hub_encoders.check_available(PinnedBase(id="someone/there", revision=REVISION))
    assert not (cache / "models--someone--there").exists()
