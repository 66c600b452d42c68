"""The start of a Ray of this machine while a signal asks for the end."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from campaigns.runs import Place, begin, command
from support.commands import tiny_suite

from harness.execution import ray_start
from harness.execution.ray_cluster import ADDRESS, RayExecutor

ray = pytest.importorskip("ray", reason="the extra ray is not installed")


class AskedError(KeyboardInterrupt):
    """A signal has arrived."""


def arrived(number: int, frame: FrameType | None) -> None:
    raise AskedError(number)


@pytest.mark.parametrize(
    ("number", "address"),
    [(signal.SIGTERM, ""), (signal.SIGHUP, ""), (signal.SIGINT, ""), (signal.SIGTERM, "local")],
)
def test_a_signal_while_ray_starts_is_answered_when_it_has_started_by_ending_it(
    number: signal.Signals, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    starters: list[threading.Thread] = []
    masks: list[set[signal.Signals | int]] = []

    def init(**options: Any) -> None:
        starters.append(threading.current_thread())
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        os.kill(os.getpid(), number)
        signal.alarm(60)  # as Ray's library does when it handles a signal
        done.append("started")

    monkeypatch.setenv(ADDRESS, address)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "shutdown", lambda: done.append("ended"))
    before = signal.signal(number, arrived)
    try:
        with pytest.raises(AskedError, match=str(int(number))):
            RayExecutor(1).limits([])
    finally:
        signal.signal(number, before)
        left = signal.alarm(0)
    assert done == ["started", "ended"]
    assert left == 0  # nothing aborts this process later
    assert masks == [{signal.SIGHUP}]  # what Ray starts does not end by itself with the terminal
    assert starters[0].is_alive()  # Ray's processes end with it
    assert starters[0].daemon  # it does not keep this process


def test_an_alarm_that_is_set_when_ray_has_just_started_aborts_nothing() -> None:
    def init(**options: Any) -> None:
        threading.Timer(0.2, lambda: signal.alarm(2)).start()  # a handler in a thread that was suspended meanwhile

    reached: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: reached.append(number))
    try:
        ray_start.init(SimpleNamespace(init=init, shutdown=lambda: None), {"address": "local"})
        time.sleep(3)
    finally:
        left = signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert (reached, left) == ([], 0)


def test_a_command_that_is_killed_leaves_no_process_of_the_ray_that_it_started(tmp_path: Path) -> None:
    place = Place.below(tmp_path)
    running = begin(command(tiny_suite(tmp_path / "suite"), place, "--executor", "ray"), place)
    with running.out, running.err:
        while not list(place.cache.glob(".partial/*/checkpoint-*")):
            assert running.process.poll() is None, running.ended().err
            time.sleep(0.05)
        agents = [each for each in running.processes() if "Agent" in "".join(each.cmdline())]
        running.process.kill()
        assert agents
        assert running.ended().status == -signal.SIGKILL
        assert running.left() == []


def test_what_ray_raises_while_it_starts_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**options: Any) -> None:
        raise RuntimeError("raylet did not start")

    monkeypatch.delenv(ADDRESS, raising=False)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(Exception, match=r"Ray does not start or answer here: .*raylet did not start"):
        RayExecutor(1).limits([])
