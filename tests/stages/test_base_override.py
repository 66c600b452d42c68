"""A suite on another base model: a folder, or a model of the hub."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RequestError
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages.base_model import base_model
from harness.stages.base_override import with_base_model
from harness.stages.lineage import base_key

REVISION = "0123456789" * 4


def test_a_base_model_folder_is_used_in_place_and_identified_by_its_content(
    small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    suite = with_base_model(small_suite, str(base_folder))
    assert isinstance(suite.base_model, LocalBase)
    assert base_model(suite, Place(cache=tmp_path), Store(tmp_path / "store")) == base_folder
    moved = tmp_path / "moved"
    shutil.copytree(base_folder, moved)
    assert base_key(with_base_model(small_suite, str(moved))) == base_key(suite)
    (moved / "README.md").write_text("changed", encoding="utf-8")
    assert base_key(with_base_model(small_suite, str(moved))) != base_key(suite)
    assert str(base_folder) not in suite.model_dump_json()


def test_a_folder_without_a_model_is_rejected(small_suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"is not a sentence-transformers folder: modules\.json is missing"):
        with_base_model(small_suite, str(tmp_path))


@pytest.mark.parametrize("text", ["/nope", "./nope", "../some/where", "a/b/c", "-x", "model.tar.gz/", ""])
def test_a_path_that_does_not_exist_is_not_asked_of_the_hub(
    text: str, small_suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.model_info", lambda *_, **__: pytest.fail("asked the hub"))
    with pytest.raises(
        RequestError, match="is neither a folder nor the ID of a hub model; give an existing folder, or"
    ):
        with_base_model(small_suite, text)


def test_a_hub_model_is_pinned_to_its_revision(small_suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = with_base_model(small_suite, f"someone/model@{REVISION}")
    assert suite.base_model == PinnedBase(id="someone/model", revision=REVISION)

    class Info:
        def __init__(self, digit: str) -> None:
            self.sha = digit * 40

    digits = {"main": "1", "v2": "2"}
    monkeypatch.setattr("huggingface_hub.model_info", lambda name, revision: Info(digits[revision]))
    assert with_base_model(small_suite, "someone/model").base_model == PinnedBase(id="someone/model", revision="1" * 40)
    assert with_base_model(small_suite, "someone/model@v2").base_model == PinnedBase(
        id="someone/model", revision="2" * 40
    )


def test_an_unavailable_hub_model_is_rejected_in_one_line(
    small_suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, **_: Any) -> None:
        raise OSError("no\nnetwork")

    monkeypatch.setattr("huggingface_hub.model_info", fail)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(
        RequestError, match=r"base model 'someone/model' is neither a folder nor .* \(no network\); give a"
    ):
        with_base_model(small_suite, "someone/model")
    pinned = with_base_model(small_suite, f"someone/model@{REVISION}")
    with pytest.raises(
        RequestError, match=f"base model 'someone/model' at {REVISION} does not load: no network; run `harness data"
    ):
        base_model(pinned, Place(cache=tmp_path), Store(tmp_path / "store"))
