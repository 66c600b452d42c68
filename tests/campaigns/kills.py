"""kill -9 at a random moment: nothing is left running, and the same command ends with the bytes of a quiet run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil
from campaigns.disturbed import Disturbance, at, disturbed, in_a_row, moments
from campaigns.runs import Ran, Running
from campaigns.trials import Trial

COUNT = 50  # moments per row


def trials(place: Path) -> Iterator[Trial]:
    """Yield kills of everything, the main process, a worker and the fork server, at COUNT moments each."""
    for what in KILLS:
        row = f"kill -9 of the {what}"
        for several in in_a_row(moments(row, COUNT), 1 if what == "fork server" else 5):
            yield Trial(row, at(several), partial(killed, place, what, several), len(several))


def killed(shared: Path, what: str, shares: Sequence[float], folder: Path) -> str:
    """Kill a run and those that resume it at shares of its duration; return what was not as wanted.

    A process that is not there yet is killed when it is.
    """
    kill, statuses = KILLS[what]

    def disturb(running: Running) -> bool:
        while running.process.poll() is None:
            if kill(running):
                return True
            running.wait_until(running.seconds() + 0.05)
        return False

    return disturbed(shared, folder, shares, Disturbance(disturb, partial(_as_killed, statuses)))


def _as_killed(statuses: Collection[int], running: Running, ran: Ran, semaphores: list[str]) -> list[str]:
    """Return what was wrong with an end; what was killed could not remove its semaphores."""
    faults = [] if ran.status in statuses else [f"status {ran.status}: {ran.err[-1500:]}"]
    return [*faults, *ran.tracebacks]


def _group(running: Running) -> bool:
    os.killpg(running.process.pid, signal.SIGKILL)
    return True


def _main(running: Running) -> bool:
    running.process.kill()
    return True


def _kill(process: psutil.Process | None) -> bool:
    try:
        if process is not None:
            process.kill()
    except psutil.NoSuchProcess:
        return False
    return process is not None


KILLS: dict[str, tuple[Callable[[Running], bool], set[int]]] = {
    "group": (_group, {-signal.SIGKILL, 0}),
    "main process": (_main, {-signal.SIGKILL, 0}),  # 0: it had ended
    "worker": (lambda running: _kill(running.worker()), {3, 0}),  # its cell, the only one, has failed, or was done
    "fork server": (lambda running: _kill(running.fork_server()), {0}),  # its cell runs again
}
