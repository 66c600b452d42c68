"""What Slurm is asked for: options of sbatch as they are typed, and one line for those that it cannot have."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from support.commands import invoke

from harness.errors import RequestError
from harness.execution.cell_resources import CellResources
from harness.execution.slurm_cluster import SlurmCluster, device_of
from harness.execution.slurm_options import MINUTES, SlurmOptions, minutes_of


def test_options_are_those_of_sbatch_and_the_time_limit_is_in_minutes() -> None:
    options = SlurmOptions.read(["partition=gpu", "time=1-0", "constraint=a100|h100"])
    assert options == SlurmOptions("slurm", 1440, {"partition": "gpu", "constraint": "a100|h100"})
    assert SlurmOptions.read([]) == SlurmOptions("slurm", MINUTES, {})
    assert SlurmOptions.read(["cluster=local", "time=5"]) == SlurmOptions("local", 5, {})


@pytest.mark.parametrize(
    ("text", "minutes"), [("90", 90), ("90:30", 91), ("4:00:00", 240), ("1-12", 2160), ("2-0:30", 2910), ("0:1", 1)]
)
def test_time_limits_are_read_as_sbatch_reads_them(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["0", "4h", "", "1:2:3:4", "-5", "1-", "٤"])
def test_another_time_limit_is_one_line(text: str) -> None:
    with pytest.raises(RequestError, match=r"--slurm time=.*: give minutes, HOURS:MM:SS or DAYS-HH:MM:SS"):
        minutes_of(text)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["partition"], "--slurm 'partition' is not KEY=VALUE"),
        (["partition="], "--slurm 'partition=' is not KEY=VALUE"),
        (["--partition=gpu"], "--slurm '--partition=gpu' is not KEY=VALUE"),
        (["comment=a\n#SBATCH --uid=0"], "is not KEY=VALUE"),
        (["qos=a", "qos=b"], "--slurm qos is given twice"),
        (["gpus=2"], "--slurm gpus is set by the harness; use --gpus-per-cell"),
        (["mem=8G"], "--slurm mem is set by the harness; use --memory-per-cell"),
        (["output=log"], "--slurm output is set by the harness; leave it out"),
        (["cluster=lsf"], "--slurm cluster=lsf: give one of slurm, local"),
        (["cluster=local", "partition=gpu"], "--slurm partition: without effect with cluster=local"),
    ],
)
def test_what_cannot_be_an_option_of_a_job_is_one_line(pairs: list[str], message: str) -> None:
    with pytest.raises(RequestError) as refused:
        SlurmOptions.read(pairs)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_gpus_cpus_and_memory_of_a_cell_are_those_of_its_job() -> None:
    cluster = SlurmCluster(SlurmOptions(minutes=30), CellResources(2, 4, 500 * 1024**2), jobs=8)
    asked = cluster.parameters("cuda")
    assert asked["gpus_per_node"] == 2
    assert (asked["cpus_per_task"], asked["slurm_srun_args"]) == (4, ["--cpus-per-task=4"])
    assert asked["slurm_mem"] == "500M"
    assert asked["slurm_array_parallelism"] == 8
    assert SlurmCluster(SlurmOptions(), CellResources(memory=1), 1).parameters("cpu")["slurm_mem"] == "1M"  # 0 is all
    assert SlurmCluster(SlurmOptions(), CellResources(), 1).parameters("cpu")["gpus_per_node"] is None


def test_resources_that_slurm_cannot_give_are_one_line() -> None:
    with pytest.raises(RequestError, match=r"--gpus-per-cell 0\.5: Slurm gives whole GPUs"):
        SlurmCluster(SlurmOptions(), CellResources(gpus=0.5), 1).check_resources("cuda")
    with pytest.raises(RequestError, match="--memory-per-cell: without effect with --slurm cluster=local"):
        SlurmCluster(SlurmOptions("local"), CellResources(memory=1 << 30), 1).check_resources("cpu")


def test_cells_compute_on_gpus_where_these_are_asked_for() -> None:
    assert device_of("cuda", CellResources(), []) == "cuda"
    assert device_of("auto", CellResources(gpus=1), []) == "cuda"
    assert device_of("auto", CellResources(), []) == "cpu"
    assert device_of("cpu", CellResources(gpus=1), []) == "cpu"  # refused by gpus_on
    assert device_of("cpu", CellResources(), ["cluster=local"]) == "cpu"


def test_submitit_that_is_not_installed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *paths: None if name == "submitit" else find(name, *paths)
    )
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--executor", "slurm", "--out", tmp_path / "out")
    assert result.status == 2
    install = "pip install 'harness-embeddings[slurm]'"
    assert result.line == f"harness: --executor slurm: submitit is not installed; {install}"
    assert not (tmp_path / "out").exists()


def test_options_of_slurm_are_refused_where_nothing_is_submitted(tmp_path: Path) -> None:
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--slurm", "qos=high", "--out", tmp_path / "out")
    assert result.status == 2
    assert (
        result.line == "harness: --slurm: without effect with --executor local; use --executor slurm, or leave it out"
    )
