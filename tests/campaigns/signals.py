"""SIGTERM, SIGHUP and SIGINT at a random moment: the right status, nothing left, and the same command resumes.

A schedule of signals begins at EARLIEST: before, the interpreter itself starts and answers as it does in any program.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from campaigns.disturbed import Disturbance, at, disturbed, in_a_row, moments
from campaigns.runs import Ran, Running
from campaigns.trials import Trial

COUNT = 30  # moments per row
IN_A_ROW = 5
EARLIEST = 0.02  # share of a run
SENT_TO_GROUP = {signal.SIGTERM: False, signal.SIGHUP: True, signal.SIGINT: True}  # as kill, and as terminals do


def trials(place: Path, count: int) -> Iterator[Trial]:
    """Yield `count` moments per signal."""
    for number in SENT_TO_GROUP:
        row = f"{number.name}, local"
        shares = [EARLIEST + (1 - EARLIEST) * share for share in moments(row, count)]
        for several in in_a_row(shares, IN_A_ROW):
            yield Trial(row, at(several), partial(signalled, place, number, several), len(several))


def signalled(shared: Path, number: signal.Signals, shares: Sequence[float], folder: Path) -> str:
    """Send a signal to a run and those that resume it at shares of its duration; return what was not as wanted."""
    send = os.killpg if SENT_TO_GROUP[number] else os.kill

    def disturb(running: Running) -> bool:
        if running.process.poll() is None:
            send(running.process.pid, number)
            return True
        return False

    return disturbed(shared, folder, shares, Disturbance(disturb, partial(_as_ended, number)))


def _as_ended(number: signal.Signals, running: Running, ran: Ran, semaphores: list[str]) -> list[str]:
    """Return what was wrong with an end: its status as shells show it, what it said, what it left.

    A run that has done all its work when the signal comes may end with status 0.
    """
    status = ran.status if ran.status >= 0 else 128 - ran.status
    faults = [] if status in (128 + number, 0) else [f"status {status}: {ran.err[-1500:]}"]
    faults += [f"leaked semaphores: {ran.err[-1500:]}"] if "leaked" in ran.err else []
    return [*faults, *ran.tracebacks, *semaphores]
