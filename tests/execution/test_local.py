"""Worker processes: a failed cell is a row with its reason, whatever ended it, and the others continue."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from support.commands import Result, invoke, request, snapshot, tiny_suite, write_plugin
from support.ray_nodes import NAMESPACE, can_hide_folders

from harness.execution import local
from harness.results import record

PLUGIN = """
import os, signal
from dataclasses import dataclass
from pathlib import Path
from methods.mnrl import MNRL

@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        if Path({switch!r}).exists():
            {fault}
        return super().loss(model)
"""
FAULTS = {
    "raises": "raise ValueError('no such\\nluck: ' + os.fsdecode(b'\\xff'))",
    "diverges": "loss = super().loss(model); mean = loss.forward; loss.forward = lambda *x: mean(*x) * float('nan'); "
    "return loss",
    "leaves": "os._exit(7)",
    "dies": "os.kill(os.getpid(), signal.SIGKILL)",
}
REASONS = {
    "raises": r"ValueError: no such luck: \udcff",
    "diverges": "diverged: loss nan at step 1; the gradient of the first step is nan: check the loss and its settings "
    "(diverges.temperature=0.05)",
    "leaves": "its process ended with status 7 before the cell was done",
    "dies": "killed by signal 9, as the system does when memory runs out; try --jobs 1 or a smaller batch",
}


class Faulty:
    """A request with four cells that fail as long as a file exists."""

    def __init__(self, top: Path) -> None:
        self.folder, self.switch, self.methods = top / "out", top / "switch", top / "methods"
        self.switch.touch()
        for name, fault in FAULTS.items():
            write_plugin(self.methods, name, PLUGIN.format(switch=str(self.switch), fault=fault.replace("\n", "\\n")))
        self.first = self.run()
        self.failed = {failed.entry: failed for failed in record.read_all(self.folder)}
        self.files = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}
        self.board = (self.folder / "leaderboard.csv").read_text(encoding="utf-8")

    def run(self) -> Result:
        methods = ",".join([*FAULTS, "mnrl"])
        options = ("--methods", methods, "--methods-path", self.methods, "--seeds", "0", "--jobs", "2")
        return invoke(*request(*options), "--out", self.folder)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    return Faulty(tmp_path_factory.mktemp("faulty"))


@pytest.mark.parametrize("entry", list(FAULTS))
def test_a_cell_fails_with_its_reason_in_one_line(faulty: Faulty, entry: str) -> None:
    failed = faulty.failed[entry]
    assert (failed.status, failed.reason) == ("failed", REASONS[entry])
    assert (failed.measures, failed.files) == ({}, {})


def test_the_other_cells_continue_and_the_status_is_1(faulty: Faulty) -> None:
    assert faulty.first.status == 1
    assert faulty.failed["mnrl"].status == "done"
    assert "mnrl,ko,nDCG@10," in faulty.board


def test_a_failure_is_shown_at_once_without_a_traceback(faulty: Faulty) -> None:
    for entry, reason in REASONS.items():
        log = faulty.folder / f"records/{entry}/ko/0.log"
        assert f"failed {entry}/ko/0: {reason}{f' (log: {log})' if log.exists() else ''}\n" in faulty.first.err
    assert faulty.first.err.count("(log: ") == 2  # of those that could still write one
    assert "semaphore" not in faulty.first.err
    assert "Traceback" not in faulty.first.err


def test_the_traceback_of_a_cell_that_raised_is_beside_its_record(faulty: Faulty) -> None:
    log = (faulty.folder / "records/raises/ko/0.log").read_text(encoding="utf-8")
    assert log.startswith("Traceback (most recent call last)")
    assert log.rstrip().endswith(r"luck: \udcff")


def test_a_failed_cell_has_no_score_and_no_run_beside_it(faulty: Faulty) -> None:
    for entry in FAULTS:
        assert f"records/{entry}/ko/0.json" in faulty.files
        assert f"records/{entry}/ko/0.run.gz" not in faulty.files
        assert f"records/{entry}/ko/0.per_query.parquet" not in faulty.files


def test_a_failed_cell_is_a_row_of_the_page_with_its_reason(faulty: Faulty, tmp_path: Path) -> None:
    page = (faulty.folder / "leaderboard.html").read_text(encoding="utf-8")
    for entry, reason in REASONS.items():
        assert entry in page
        assert reason in page


def test_the_same_command_retries_the_failed_cells_only(faulty: Faulty) -> None:
    done = snapshot(faulty.folder / "records/mnrl")
    faulty.switch.unlink()
    repeated = faulty.run()
    faulty.switch.touch()
    assert repeated.status == 0, repeated.err
    assert "4 of 5 cells to run" in repeated.err
    assert snapshot(faulty.folder / "records/mnrl") == done
    records = {stored.entry: stored for stored in record.read_all(faulty.folder)}
    assert {stored.status for stored in records.values()} == {"done"}
    assert len({records[entry].files["per_query.parquet"] for entry in FAULTS}) == 1  # without faults they are equal
    assert not (faulty.folder / "records/raises/ko/0.log").exists()


def test_a_run_of_which_every_cell_fails_measured_nothing(faulty: Faulty, tmp_path: Path) -> None:
    options = ("--methods", "leaves", "--methods-path", faulty.methods, "--seeds", "9", "--out", tmp_path / "out")
    result = invoke(*request(*options))
    assert result.status == 3
    last = result.err.splitlines()[-1]
    assert last.startswith(f"harness: all cells in {tmp_path}/out failed (1); leaves/ko/9: its process ended")


@pytest.mark.skipif(not can_hide_folders(), reason="no mounts of one's own (unshare --user --mount)")
@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("nr_inodes=1", "No space left on device; make room there, then run the same command again"),
        ("ro", "Read-only file system; name a place that can be written, then run the same command again"),
    ],
)
def test_a_place_of_semaphores_that_is_full_or_cannot_be_written_is_one_line(option: str, line: str) -> None:
    mount = f'mount -t tmpfs -o {option} none /dev/shm && exec "$@"'
    with tempfile.TemporaryDirectory() as folder:  # pytest's may be in /dev/shm
        top = Path(folder)
        command = [sys.executable, "-m", "harness", "run", "--suite", str(tiny_suite(top / "suite"))]
        folders = ["--methods", "bm25", "--out", str(top / "out"), "--cache-dir", str(top / "cache")]
        done = subprocess.run(
            [*NAMESPACE, "sh", "-c", mount, "sh", *command, *folders], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"harness: /dev/shm, where semaphores are: {line}"
    assert "Traceback" not in done.stderr


class AskedError(Exception):
    """A signal has arrived."""


def test_a_signal_that_comes_while_the_fork_server_starts_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def start() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        held.append(signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    def arrived(number: int, frame: object) -> None:
        raise AskedError

    monkeypatch.setattr(local.forkserver, "ensure_running", start)
    before = signal.signal(signal.SIGTERM, arrived)
    try:
        with pytest.raises(AskedError):
            local._start_fork_server(multiprocessing.get_context("forkserver"))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert held == [True]
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
