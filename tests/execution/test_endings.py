"""However a run ends, nothing is left running, and the same command ends with the bytes of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from support.commands import REPOSITORY, invoke, request, write_plugin

from harness.results import record
from harness.stages.training_checkpoints import SEAL

PLUGIN = """
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
LEFT = 5.0  # seconds after which no process of a run may be left


@dataclass
class Started:
    """A run in a process group of its own, whose worker waits in its second step while `wait` exists."""

    process: subprocess.Popen[str]
    mark: str
    wait: Path

    def marked(self) -> list[psutil.Process]:
        """Return the processes of the run."""
        return [each for each in psutil.process_iter() if self.mark in _environment(each)]

    def worker(self) -> psutil.Process:
        """Return the worker, a child of the fork server."""
        (worker,) = [
            each for each in self.marked() if each.parent() in self.marked() and _is_fork_server(each.parent())
        ]
        return worker

    def fork_server(self) -> psutil.Process:
        fork_server = self.worker().parent()
        assert fork_server is not None
        return fork_server

    def left(self) -> list[psutil.Process]:
        """Return the processes that are still there some seconds after the run's end."""
        until = time.monotonic() + LEFT
        while (left := self.marked()) and time.monotonic() < until:
            time.sleep(0.1)
        return left


def _environment(process: psutil.Process) -> str:
    try:
        return "" if process.status() == psutil.STATUS_ZOMBIE else process.environ().get("HARNESS_TEST_MARK", "")
    except psutil.Error:
        return ""


def _is_fork_server(process: psutil.Process | None) -> bool:
    return process is not None and any("forkserver" in word for word in process.cmdline())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("endings")


@pytest.fixture(scope="module")
def options(place: Path) -> tuple[str | Path, ...]:
    """The request of all runs here, undisturbed while `wait` does not exist."""
    code = PLUGIN.format(wait=str(place / "wait"), reached=str(place / "reached"))
    write_plugin(place / "methods", "slow", code)
    return request("--methods", "slow", "--methods-path", place / "methods", "--seeds", "0", "--jobs", "1")


@pytest.fixture(scope="module")
def expected(place: Path, options: tuple[str | Path, ...]) -> dict[str, str]:
    assert invoke(*options, "--out", place / "undisturbed", "--cache-dir", place / "cache-0").status == 0
    return hashes(place / "undisturbed")


def hashes(folder: Path) -> dict[str, str]:
    (done,) = record.read_all(folder)
    assert done.status == "done", done.reason
    return dict(done.files)


def begin(
    place: Path,
    options: tuple[str | Path, ...],
    tmp_path: Path,
    environment: Mapping[str, str],
    hang_up: signal.Handlers = signal.SIG_DFL,
) -> Started:
    mark = uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *map(str, (*options, *folders(tmp_path)))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment, "HARNESS_TEST_MARK": mark},
        preexec_fn=lambda: signal.signal(signal.SIGHUP, hang_up),  # whatever the tests were started with
    )
    return Started(process, mark, place / "wait")


@pytest.fixture
def start(place: Path, options: tuple[str | Path, ...], tmp_path: Path) -> Callable[[], Started]:
    def begin_and_wait() -> Started:
        (place / "wait").touch()
        (place / "reached").unlink(missing_ok=True)
        run = begin(place, options, tmp_path, {})
        until = time.monotonic() + 600
        while not (place / "reached").exists():
            assert run.process.poll() is None, run.process.communicate()[1]
            assert time.monotonic() < until, "no second step within 10 minutes"
            time.sleep(0.02)
        return run

    return begin_and_wait


def folders(tmp_path: Path) -> tuple[str | Path, ...]:
    return ("--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")


@pytest.mark.parametrize("kill", [os.killpg, os.kill])
def test_a_killed_run_leaves_no_process_and_ends_equal(
    start: Callable[[], Started],
    options: tuple[str | Path, ...],
    expected: dict[str, str],
    tmp_path: Path,
    kill: Callable[[int, int], None],
) -> None:
    run = start()
    kill(run.process.pid, signal.SIGKILL)
    run.wait.unlink()
    run.process.wait(timeout=600)
    assert run.left() == []
    run.process.communicate(timeout=600)
    assert run.process.returncode == -signal.SIGKILL
    assert invoke(*options, *folders(tmp_path)).status == 0
    assert hashes(tmp_path / "out") == expected


def test_the_cell_of_a_killed_fork_server_runs_again_and_no_signal_to_end_reaches_the_one_in_its_place(
    start: Callable[[], Started], expected: dict[str, str], place: Path, tmp_path: Path
) -> None:
    run = start()
    first = run.fork_server()
    (place / "reached").unlink()
    first.kill()
    while not (place / "reached").exists():
        assert run.process.poll() is None, run.process.communicate()[1]
        time.sleep(0.02)
    second = run.fork_server()
    assert second.pid != first.pid
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        second.send_signal(number)
    time.sleep(0.5)
    assert second.is_running()
    run.wait.unlink()
    _, err = run.process.communicate(timeout=600)
    assert run.process.returncode == 0, err
    assert run.left() == []
    assert hashes(tmp_path / "out") == expected


SLOW_LIBRARY = """
import sys, time
from pathlib import Path
if any("forkserver" in word for word in sys.orig_argv):
    Path({reached!r}).touch()
    time.sleep(600)
sys.path.remove({folder!r})
del sys.modules["sentence_transformers"]
import sentence_transformers
"""


def test_a_fork_server_that_loads_libraries_ends_with_the_run(
    place: Path, options: tuple[str | Path, ...], tmp_path: Path
) -> None:
    library, reached = tmp_path / "library", tmp_path / "loading"
    library.mkdir()
    code = SLOW_LIBRARY.format(reached=str(reached), folder=str(library))
    (library / "sentence_transformers.py").write_text(code, encoding="utf-8")
    (place / "wait").unlink(missing_ok=True)
    run = begin(place, options, tmp_path, {"PYTHONPATH": os.pathsep.join([str(library), str(REPOSITORY)])})
    until = time.monotonic() + 600
    while not reached.exists():
        assert run.process.poll() is None, run.process.communicate()[1]
        assert time.monotonic() < until, "no library is loaded within 10 minutes"
        time.sleep(0.02)
    run.process.kill()
    run.process.wait()
    assert run.left() == []
    assert "Traceback" not in run.process.communicate()[1]


LOADED_ONCE = """
import os, sys, time
from pathlib import Path
reached = Path({reached!r})
if any("forkserver" in word for word in sys.orig_argv) and not reached.exists():
    reached.with_suffix(".new").write_text(str(os.getpid()))
    reached.with_suffix(".new").rename(reached)
    time.sleep(600)
sys.path.remove({folder!r})
del sys.modules["sentence_transformers"]
import sentence_transformers
"""


def test_a_fork_server_that_is_killed_while_it_loads_libraries_is_started_again_and_an_ignored_signal_stays_ignored(
    place: Path, options: tuple[str | Path, ...], expected: dict[str, str], tmp_path: Path
) -> None:
    library, reached = tmp_path / "library", tmp_path / "loading"
    library.mkdir()
    code = LOADED_ONCE.format(reached=str(reached), folder=str(library))
    (library / "sentence_transformers.py").write_text(code, encoding="utf-8")
    (place / "wait").unlink(missing_ok=True)
    path = {"PYTHONPATH": os.pathsep.join([str(library), str(REPOSITORY)])}
    run = begin(place, options, tmp_path, path, signal.SIG_IGN)  # as nohup does
    while not reached.exists():
        assert run.process.poll() is None, run.process.communicate()[1]
        time.sleep(0.02)
    run.process.send_signal(signal.SIGHUP)
    os.kill(int(reached.read_text(encoding="utf-8")), signal.SIGKILL)
    err = run.process.communicate()[1]
    assert (run.process.returncode, "Traceback" in err) == (0, False), err
    assert hashes(tmp_path / "out") == expected


@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGTERM, False), (signal.SIGHUP, True), (signal.SIGUSR2, True)],
)
def test_a_signal_to_end_saves_the_step_and_ends_with_its_status(
    start: Callable[[], Started],
    options: tuple[str | Path, ...],
    expected: dict[str, str],
    tmp_path: Path,
    number: signal.Signals,
    whole_group: bool,
) -> None:
    run = start()
    (os.killpg if whole_group else os.kill)(run.process.pid, number)
    time.sleep(0.5)
    run.wait.unlink()  # the step ends within the time that the workers are given
    run.process.wait(timeout=600)
    assert run.left() == []
    _, err = run.process.communicate(timeout=600)
    assert run.process.returncode == 128 + number
    assert err.splitlines()[-1] == f"harness: ended by {number.name}; run the same command again to resume"
    assert "Traceback" not in err
    assert "leaked" not in err
    assert [seal.parent.name for seal in (tmp_path / "cache/.partial").rglob(SEAL)] == ["checkpoint-2"]
    assert not list((tmp_path / "out/records").rglob("*.json"))
    again = invoke(*options, *folders(tmp_path))
    assert again.status == 0, again.err
    assert hashes(tmp_path / "out") == expected
