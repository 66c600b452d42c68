"""Cells as jobs of Slurm: the same bytes, preempted jobs that resume, lost ones that are failed rows, none left behind.

Slurm itself is not here: its commands are those of support.fake_slurm, which run submitit's own submission files.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from support import fake_slurm
from support.commands import Run, invoke, read_json, request, spawn, write_plugin

from harness.results import record
from harness.stages.training_checkpoints import SEAL

pytest.importorskip("submitit", reason="the extra 'slurm' is not installed")

PATIENCE = 600.0  # seconds
SLOW = """
import time
from dataclasses import dataclass
from pathlib import Path
from methods.mnrl import MNRL

@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        loss = super().loss(model)
        forward, steps = loss.forward, []
        def slow(*inputs):
            steps.append(1)
            if len(steps) == 2 and Path({wait!r}).exists():
                Path({reached!r}).touch()
                while Path({wait!r}).exists():
                    time.sleep(0.05)
            return forward(*inputs)
        loss.forward = slow
        return loss
"""
FATAL = """
import multiprocessing, os, signal
from dataclasses import dataclass
from methods.mnrl import MNRL

@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)
"""


def hashes(folder: Path) -> dict[str, str]:
    (done,) = record.read_all(folder)
    assert done.status == "done", done.reason
    return dict(done.files)


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the commands of Slurm on this process's path, and return the folder of their state."""
    for name, value in fake_slurm.install(tmp_path / "slurm").items():
        monkeypatch.setenv(name, value)
    return fake_slurm.state_folder()


def submitted(slurm: Path) -> list[dict[str, str]]:
    """Return the options of each job that was submitted, in order."""
    return [fake_slurm.options_of(path.read_text()) for path in sorted(slurm.glob("*.sh"))]


def test_jobs_of_slurm_write_the_bytes_that_local_processes_write(tmp_path: Path, finished: Run, slurm: Path) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    arguments = (
        *(*request("--methods", "base,infonce-random", "--seeds", "1"), "--executor", "slurm", "--jobs", "2"),
        *("--slurm", "partition=short", "--slurm", "account=lab", "--slurm", "time=1:30:00"),
        *("--cpus-per-cell", "3", "--memory-per-cell", "2G", "--out", out, "--cache-dir", cache),
    )
    result = invoke(*arguments)
    assert result.status == 0, result.err
    written = sorted(path.relative_to(out) for path in (out / "records").rglob("*.run.gz"))
    assert len(written) == 2
    for path in written:
        assert (out / path).read_bytes() == (finished.folder / path).read_bytes(), path
    (submission,) = submitted(slurm)
    expected = {
        **{"array": "0-1%2", "partition": "short", "account": "lab", "time": "90", "requeue": "", "mem": "2048M"},
        **{"cpus-per-task": "3", "signal": "USR2@120", "open-mode": "append"},
    }
    assert submission.items() >= expected.items()
    assert not {"gpus-per-node", "gres", "error"} & submission.keys()
    assert "srun --unbuffered" in (slurm / "100.sh").read_text()
    assert f"Slurm has 2 cells as job 100; logs are in {cache}/.slurm/" in result.err
    assert invoke("verify", out, "--hashes-only").status == 0  # no file of Slurm's beside the results
    assert list((cache / ".slurm").iterdir()) == []
    again = invoke(*arguments)
    assert (again.status, len(submitted(slurm))) == (0, 1)
    assert "nothing to run: 2 cells done" in again.err


def test_a_killed_job_is_a_failed_row_with_its_log_and_the_others_go_on(tmp_path: Path) -> None:
    write_plugin(tmp_path / "methods", "fatal", FATAL)
    options = ("--methods", "bm25,fatal", "--methods-path", tmp_path / "methods", "--seeds", "0")
    jobs = ("--executor", "slurm", "--slurm", "cluster=local", "--jobs", "1")
    result = spawn("-m", "harness", *request(*options), *jobs, "--out", "out", cwd=tmp_path)
    assert result.status == 1, result.err
    assert "failed fatal/ko/0: its job ended (FINISHED) before the cell did (log: " in result.err
    assert "submitit" in (tmp_path / "out/records/fatal/ko/0.log").read_text()
    assert read_json(tmp_path / "out/records/fatal/ko/0.json")["status"] == "failed"
    assert (tmp_path / "out/records/bm25/ko/0.run.gz").is_file()


def test_a_node_without_the_shared_cache_is_one_line(
    tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--methods", "bm25", "--langs", "ko", "--device", "cpu")
    monkeypatch.setenv("FAKE_SLURM_PROLOG", f"rm {tmp_path}/cache/.slurm/*/token")
    monkeypatch.chdir(tmp_path)
    result = invoke("run", *options, "--executor", "slurm", "--out", "out", "--cache-dir", "cache")
    assert result.status == 3  # nothing was measured
    (line,) = [line for line in result.err.splitlines() if line.startswith("failed ")]
    assert line.startswith("failed bm25/ko/0: node ")
    assert f"does not see the files of this command in {tmp_path}/cache/.slurm/" in line
    assert "mount the shared file system there, or name folders on it" in line
    assert "(log: out/records/bm25/ko/0.log)" in line
    (submission,) = submitted(slurm)
    assert "array" not in submission  # one cell is a job


@dataclass
class Started:
    """A run on Slurm whose cell waits in its second step while `wait` exists."""

    process: subprocess.Popen[str]
    mark: str
    wait: Path

    def left(self) -> list[psutil.Process]:
        """Return the processes of the run and its jobs that do not end."""
        until = time.monotonic() + 3 * fake_slurm.KILL_WAIT
        while (left := [each for each in psutil.process_iter() if self._is_mine(each)]) and time.monotonic() < until:
            time.sleep(0.2)
        return left

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            return alive and process.environ().get("HARNESS_TEST_MARK") == self.mark
        except psutil.Error:
            return False


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slurm")


@pytest.fixture(scope="module")
def options(place: Path) -> tuple[str | Path, ...]:
    write_plugin(place / "methods", "slow", SLOW.format(wait=str(place / "wait"), reached=str(place / "reached")))
    return request("--methods", "slow", "--methods-path", place / "methods", "--seeds", "0", "--jobs", "1")


@pytest.fixture(scope="module")
def expected(place: Path, options: tuple[str | Path, ...]) -> dict[str, str]:
    assert invoke(*options, "--out", place / "undisturbed", "--cache-dir", place / "cache-0").status == 0
    return hashes(place / "undisturbed")


@pytest.fixture
def started(place: Path, options: tuple[str | Path, ...], tmp_path: Path, slurm: Path) -> Started:
    return begin(place, (*options, *folders(tmp_path)))


def begin(place: Path, arguments: tuple[str | Path, ...]) -> Started:
    """Start a run whose cell waits in its second step, and return when it does."""
    (place / "wait").touch()
    (place / "reached").unlink(missing_ok=True)
    mark = uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *map(str, (*arguments, "--executor", "slurm"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "HARNESS_TEST_MARK": mark},
        preexec_fn=_default_signals,
    )
    until = time.monotonic() + PATIENCE
    while not (place / "reached").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until, "no second step within 10 minutes"
        time.sleep(0.05)
    return Started(process, mark, place / "wait")


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):  # ignored where the tests run in the background
        signal.signal(number, signal.SIG_DFL)


def folders(tmp_path: Path) -> tuple[str | Path, ...]:
    return ("--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")


def test_a_preempted_job_saves_its_step_is_requeued_and_ends_with_equal_bytes(
    started: Started, expected: dict[str, str], tmp_path: Path
) -> None:
    for name in ("TERM", "USR2"):  # to every process of the job, as Slurm sends them
        subprocess.run(["scancel", "100", "--signal", name], check=True)
    time.sleep(0.5)
    started.wait.unlink()  # the step ends within the time that is left
    _, err = started.process.communicate(timeout=PATIENCE)
    assert started.process.returncode == 0, err
    assert hashes(tmp_path / "out") == expected
    done = read_json(tmp_path / "out/records/slow/ko/0.json")
    (trained,) = [stage for stage in done["stages"] if stage["stage"] == "train"]
    assert not trained["cached"]
    assert started.left() == []
    assert list((tmp_path / "cache/.slurm").iterdir()) == []


def test_an_interrupt_of_the_command_cancels_the_jobs_and_the_same_request_resumes(
    started: Started, options: tuple[str | Path, ...], expected: dict[str, str], tmp_path: Path
) -> None:
    started.process.send_signal(signal.SIGINT)
    _, err = started.process.communicate(timeout=PATIENCE)
    assert started.process.returncode == 130
    assert err.splitlines()[-1].endswith("; run the same command again to resume")
    started.wait.unlink()
    assert started.left() == []
    assert [seal.parent.name for seal in (tmp_path / "cache/.partial").rglob(SEAL)] == ["checkpoint-2"]
    again = invoke(*options, *folders(tmp_path))  # with processes of this machine
    assert again.status == 0, again.err
    assert hashes(tmp_path / "out") == expected


@pytest.mark.parametrize(("number", "send"), [(signal.SIGTERM, os.kill), (signal.SIGHUP, os.killpg)])
def test_a_signal_to_a_run_by_submitits_local_executor_leaves_no_process_and_the_same_request_resumes(
    place: Path,
    options: tuple[str | Path, ...],
    expected: dict[str, str],
    tmp_path: Path,
    number: signal.Signals,
    send: Callable[[int, int], None],
) -> None:
    arguments = (*options, *folders(tmp_path), "--slurm", "cluster=local")
    run = begin(place, arguments)
    send(run.process.pid, number)
    _, err = run.process.communicate(timeout=PATIENCE)
    run.wait.unlink()
    assert run.process.returncode == 128 + number
    assert err.splitlines()[-1] == f"harness: ended by {number.name}; run the same command again to resume"
    assert "Traceback" not in err
    assert run.left() == []
    assert not list((tmp_path / "out").rglob("records/*/*/*.json"))
    again = invoke(*options, *folders(tmp_path))  # with processes of this machine
    assert again.status == 0, again.err
    assert hashes(tmp_path / "out") == expected


def test_a_login_node_without_a_gpu_plans_cells_for_gpus(
    tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    options = ("--methods", "base,mnrl", "--device", "cuda", "--executor", "slurm", "--dry-run")
    result = invoke(*request(*options), "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    assert result.status == 0, result.err
    assert "CUDA is not available here: models were opened and not tried" in result.out
    assert "3 of 3 cells to run" in result.out
    assert submitted(slurm) == []
    assert not (tmp_path / "out").exists()


def test_without_slurm_the_command_says_what_to_do_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(shutil.which("git") or "/usr/bin/git").parent))
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--executor", "slurm", "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line == (
        "harness: --executor slurm: sbatch was not found; run it on a login node of the cluster, or on this machine "
        "with --executor local"
    )
    assert not (tmp_path / "out").exists()
