"""What tests share: a cache of their own, no network, and two real runs that are made once."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pebble
import psutil
import pytest
from support.commands import REQUEST, Result, Run, invoke

from harness.machine import determinism

TESTS = Path(__file__).parent
LONGEST = (  # begun last, one of them would leave the other workers idle
    *("cli/test_foreign_folders.py", "execution/test_ray_cluster.py", "execution/test_endings.py"),
    *("execution/test_slurm.py", "execution/test_runner.py", "evidence/verification/test_verify.py"),
    *("evidence/gate/test_committed.py", "docs/test_runnable_examples.py", "docs/test_own_journeys.py"),
    *("campaigns/test_short_campaigns.py", "stages/test_repeatable_cells.py", "stages/test_best_checkpoint.py"),
    *("writers/test_written_run.py", "execution/test_models_run.py", "cli/test_main.py"),
)
RAM_DISK = Path("/dev/shm")
ROOM = 8 << 30  # bytes of free memory: several times what all tests write


def pytest_configure() -> None:
    """Set what libraries read when they are imported, where files of tests are, and how often pools look at workers."""
    pebble.CONSTS.sleep_unit = 0.02  # seconds
    if has_room(RAM_DISK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(RAM_DISK))
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.pop("COLUMNS", None)  # lines are whole in a pipe, unless a width is given
    determinism.set_environment()


def has_room(folder: Path) -> bool:
    """Return whether a RAM disk can hold the files of all tests: most are synced, for milliseconds each on others."""
    if not os.access(folder, os.W_OK):
        return False
    disk = os.statvfs(folder)
    runs_programs = not disk.f_flag & os.ST_NOEXEC
    return runs_programs and min(disk.f_bavail * disk.f_frsize, psutil.virtual_memory().available) >= ROOM


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others keep their order."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    assert all(path.is_file() for path in places), "LONGEST names a file that is gone"
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Keep the modules and tests out of later garbage collections: every training has one of its own."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of all tests of this process; the user's is never touched."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Run:
    """Four entries on Korean of `mini`, two jobs: REQUEST, carried out without an interruption."""
    folder = tmp_path_factory.mktemp("finished") / "out"
    arguments = (*REQUEST, "--jobs", "2", "--out", str(folder))
    return Run(arguments, folder, cache, (invoke(*arguments),))


@pytest.fixture(scope="session")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """REQUEST with one job and a cache of its own, interrupted while it trains, then given again."""
    top = tmp_path_factory.mktemp("interrupted")
    folder, cache = top / "out", top / "cache"
    arguments = (*REQUEST, "--jobs", "1", "--out", str(folder), "--cache-dir", str(cache))
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group of its own, as a shell gives it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # where the tests run in the background
    )
    deadline = time.monotonic() + 600
    while not (folder / "records/mnrl/ko/0.json").exists():
        assert process.poll() is None, "it ended before the interrupt"
        assert time.monotonic() < deadline, "no trained cell within 10 minutes"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=600)
    return Run(arguments, folder, cache, (Result(process.returncode, out, err), invoke(*arguments)))
