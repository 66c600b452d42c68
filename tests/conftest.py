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

import pytest
from support.commands import REQUEST, Result, Run, invoke

from harness.machine import determinism


def pytest_configure() -> None:
    """Set what libraries read when they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.pop("COLUMNS", None)  # lines are whole in a pipe, unless a width is given
    determinism.set_environment()


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
