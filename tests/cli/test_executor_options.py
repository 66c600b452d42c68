"""Options of a cluster's cells: read as typed, and refused where they would have no effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke

from harness.cli.executor_options import ExecutorName, executor_of, size
from harness.errors import RequestError
from harness.execution.cell_resources import CellResources


@pytest.mark.parametrize("option", ["--gpus-per-cell=1", "--cpus-per-cell=2", "--memory-per-cell=8G"])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_resources_of_cells_are_refused_on_this_machine(tmp_path: Path, option: str, dry: tuple[str, ...]) -> None:
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--out", tmp_path / "out", option, *dry)
    name = option.partition("=")[0]
    assert result.status == 2
    assert result.line == f"harness: {name}: without effect with --executor local; name a cluster, or leave it out"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["8", "8g", "0G", "-1G", "8.5G", "8GB", "G", ""])
def test_a_memory_that_is_not_a_size_is_one_line(text: str) -> None:
    result = invoke("run", "--methods", "bm25", f"--memory-per-cell={text}")
    assert result.status == 2
    assert f"Invalid value for '--memory-per-cell': {text!r} is not a size such as 8G or 500M." in result.line


def test_sizes_are_in_powers_of_1024() -> None:
    assert [size(text) for text in ("1K", "500M", "8G", "2T")] == [1024, 500 * 1024**2, 8 * 1024**3, 2 * 1024**4]


def test_a_cell_has_one_gpu_where_it_computes_on_one_and_a_cpu_per_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CellResources().gpus_on("cpu") == 0
    assert CellResources().gpus_on("cuda") == 1
    assert CellResources(gpus=0.25).gpus_on("cuda") == 0.25
    assert CellResources().cpus_in_use() == 1
    monkeypatch.setenv("HARNESS_THREADS", "4")
    assert CellResources().cpus_in_use() == 4
    assert CellResources(cpus=8).cpus_in_use() == 8


def test_resources_that_contradict_the_device_or_the_threads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RequestError, match=r"--gpus-per-cell 0\.5: cells compute on the CPU; add --device cuda"):
        CellResources(gpus=0.5).gpus_on("cpu")
    with pytest.raises(RequestError, match="--gpus-per-cell 0: cells compute on cuda"):
        CellResources(gpus=0).gpus_on("cuda")
    monkeypatch.setenv("HARNESS_THREADS", "4")
    with pytest.raises(RequestError, match=r"--cpus-per-cell 2: a cell has 4 threads \(HARNESS_THREADS\)"):
        CellResources(cpus=2).cpus_in_use()


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("foo", "RAY_ADDRESS=foo: no address; give auto on a node of the cluster, or HOST:PORT"),
        ("127.0.0.1:1", "RAY_ADDRESS=127.0.0.1:1: no Ray cluster answers there ("),
    ],
)
def test_an_address_without_a_cluster_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, what: str
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--executor", "ray", "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line.startswith(f"harness: {what}")
    assert not (tmp_path / "out").exists()


def test_more_cpus_than_this_machine_has_are_refused_without_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(RequestError, match=r"--cpus-per-cell 9999: this machine has \d+, and RAY_ADDRESS names no"):
        executor_of(ExecutorName.ray, 1, "cpu", CellResources(cpus=9999))
