"""A trained cell on a base model in a folder: the files of each model are read once to be hashed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from support.commands import Run

from harness import keys
from harness.execution import plan
from harness.execution.worker import run_cell
from harness.machine import file_hashes
from harness.request.request import Request
from harness.results import record


def test_the_weights_of_base_and_trained_model_are_hashed_once(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = record.read(finished.records / "base/ko/0.json")
    (key,) = [run.key for run in original.stages if run.stage == "base"]
    shutil.copytree(finished.cache / "base" / key[:2] / key, tmp_path / "base")
    reads: Counter[int] = Counter()
    read = keys.file_sha256

    def count(path: Path) -> str:
        reads[path.stat().st_ino] += path.suffix == ".safetensors"
        return read(path)

    monkeypatch.setattr(file_hashes, "_known", {})
    monkeypatch.setattr(file_hashes, "LARGE", 1000)  # the models of tests are small,
    monkeypatch.setattr(file_hashes, "TICK", 0)  # and read within a tick of being written
    monkeypatch.setattr(keys, "file_sha256", count)
    asked = Request(
        methods=("mnrl", "base"),
        languages=("ko",),
        seeds=(0,),
        max_train=40,
        base_model=str(tmp_path / "base"),
        settings=("train.epochs=1",),
    )
    for _ in range(2):  # the second plan is that of the same command again
        for cell in plan.make(asked, tmp_path / "cache").cells:
            assert run_cell(cell, tmp_path / "out", lambda stage, done, total: None).reason == ""
    trained = next((tmp_path / "cache/train").rglob("*.safetensors"))
    weights = [path.stat().st_ino for path in (tmp_path / "base/model.safetensors", trained)]
    assert {inode: reads[inode] for inode in weights} == dict.fromkeys(weights, 1)
