"""The Ray executor: the same cells, the same bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.commands import Run, request, spawn

pytest.importorskip("ray", reason="the extra 'ray' is not installed")


def test_ray_writes_the_bytes_that_local_processes_write(tmp_path: Path, finished: Run) -> None:
    part = ("--methods", "base,bm25,infonce-random")
    arguments = (*request(*part), "--executor", "ray", "--jobs", "2", "--out", tmp_path / "out")
    result = spawn("-m", "harness", *arguments, cwd=tmp_path, HARNESS_CACHE=str(tmp_path / "cache"))
    assert result.status == 0, result.err
    written = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out/records").rglob("*.run.gz"))
    assert len(written) == 4  # base and bm25 once, infonce-random under two seeds
    for path in written:
        assert (tmp_path / "out" / path).read_bytes() == (finished.folder / path).read_bytes(), path


def test_a_cell_that_kills_its_ray_worker_is_a_failed_row(tmp_path: Path) -> None:
    plugin = tmp_path / "methods"
    plugin.mkdir()
    (plugin / "fatal.py").write_text(
        "import os, signal\n"
        "from dataclasses import dataclass\n"
        "from methods.mnrl import MNRL\n"
        "@dataclass(frozen=True)\n"
        "class PLUGIN(MNRL):\n"
        "    def loss(self, model):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n",
        encoding="utf-8",
    )
    (plugin / "fatal.toml").write_text('[fatal]\ntitle = "Fatal"\nabout = "dies"\nmethod = "fatal"\n', encoding="utf-8")
    arguments = ("run", "--methods", "base,fatal", "--langs", "ko", "--seeds", "0", "--max-train", "20")
    result = spawn(
        *("-m", "harness", *arguments, "--executor", "ray", "--jobs", "1", "--methods-path", plugin, "--out", "out"),
        cwd=tmp_path,
        HARNESS_CACHE=os.environ["HARNESS_CACHE"],
    )
    assert result.status == 1
    assert "failed fatal/ko/0: its worker was lost" in result.err
    assert (tmp_path / "out/records/base/ko/0.run.gz").is_file()
