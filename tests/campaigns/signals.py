"""SIGTERM, SIGHUP and SIGINT at a random moment: the right status, nothing left, and the same command resumes.

Cells run in processes of this machine, on Ray that is started for the run, and as jobs of submitit's local executor.

A schedule of signals begins at EARLIEST: before, the interpreter itself starts and answers as it does in any program.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from campaigns.disturbed import Disturbance, at, disturbed, in_a_row, moments
from campaigns.runs import Ran, Running
from campaigns.trials import NotPossibleError, Trial

COUNT = 30  # moments per row
IN_A_ROW = 3
EARLIEST = 0.02  # share of a run
SENT_TO_GROUP = {signal.SIGTERM: False, signal.SIGHUP: True, signal.SIGINT: True}  # as kill, and as terminals do
EXECUTORS: dict[str, tuple[str, ...]] = {
    "local": (),
    "Ray": ("--executor", "ray"),
    "Slurm (submitit's local executor)": ("--executor", "slurm", "--slurm", "cluster=local"),
}
NEEDED = {"ray": "ray", "slurm": "submitit"}


def trials(place: Path) -> Iterator[Trial]:
    """Yield COUNT moments per signal and executor."""
    for executor, options in EXECUTORS.items():
        for number in SENT_TO_GROUP:
            row = f"{number.name}, {executor}"
            shares = [EARLIEST + (1 - EARLIEST) * share for share in moments(row, COUNT)]
            for several in in_a_row(shares, IN_A_ROW):
                check = partial(signalled, place, (number, options), several)
                yield Trial(row, at(several), check, len(several))


def signalled(shared: Path, what: tuple[signal.Signals, tuple[str, ...]], shares: Sequence[float], folder: Path) -> str:
    """Send a signal to a run and those that resume it at shares of its duration; return what was not as wanted.

    `what`: the signal, and the options that say who runs the cells.
    """
    number, options = what
    for package in [NEEDED[word] for word in options if word in NEEDED]:
        if find_spec(package) is None:
            raise NotPossibleError(f"{package} is not installed")
    send = os.killpg if SENT_TO_GROUP[number] else os.kill
    done: set[str] = set()  # marks of runs whose cell was done when the signal was sent

    def disturb(running: Running) -> bool:
        if running.process.poll() is None:
            done.update([running.mark] if running.has_record() else [])
            send(running.process.pid, number)
            return True
        return False

    return disturbed(shared, folder, shares, Disturbance(disturb, partial(_as_ended, number, done), options))


def _as_ended(
    number: signal.Signals, done: Collection[str], running: Running, ran: Ran, semaphores: list[str]
) -> list[str]:
    """Return what was wrong with an end: its status as shells show it, what it said, what it left.

    A run whose cell is done when the signal comes may end with status 0.
    """
    status = ran.status if ran.status >= 0 else 128 - ran.status
    wanted = {128 + number, 0} if running.mark in done else {128 + number}
    faults = [] if status in wanted else [f"status {status}: {ran.err[-1500:]}"]
    faults += [f"leaked semaphores: {ran.err[-1500:]}"] if "leaked" in ran.err else []
    return [*faults, *ran.tracebacks, *semaphores]
