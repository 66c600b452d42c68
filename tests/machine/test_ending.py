"""Signals to end that come while something is begun that must be noted before the end."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from harness.machine import ending

CHILD = "import signal; print(signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"


class AskedError(Exception):
    """A signal has arrived."""


def arrived(number: int, frame: object) -> None:
    raise AskedError(number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_in_a_postponed_block_is_delivered_at_its_end_and_processes_of_it_are_not_deaf(
    number: signal.Signals,
) -> None:
    before = signal.signal(number, arrived)
    done: list[str] = []

    def begin_work() -> None:
        with ending.postponed():
            signal.raise_signal(number)
            done.append(subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True).stdout)

    try:
        with pytest.raises(AskedError, match=str(int(number))):
            begin_work()
        assert signal.getsignal(number) is arrived
    finally:
        signal.signal(number, before)
    assert done == ["False\n"]


@pytest.mark.parametrize(("name", "once"), [("SIGTERM", False), ("SIGTERM", True), ("SIGINT", False)])
def test_a_signal_that_comes_in_a_finaliser_ends_the_process_all_the_same(name: str, once: bool) -> None:
    code = f"""
import signal, time
from harness.machine import ending
ending.listen(once={once})
signal.signal(signal.SIGINT, signal.default_int_handler)
class Passing:
    def __del__(self):
        signal.raise_signal(signal.{name})
        print("not reached")
try:
    Passing()
    time.sleep(600)
except KeyboardInterrupt as error:
    print(type(error).__name__, ending.received())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    expected = "KeyboardInterrupt None" if name == "SIGINT" else f"Ended {int(signal.SIGTERM)}"
    assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_an_ignored_signal_stays_ignored_and_without_one_nothing_is_raised() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending.postponed():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
