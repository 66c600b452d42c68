"""An end that a signal asks for: SIGTERM, as schedulers send it before they kill, SIGHUP, of a closed terminal, or
SIGUSR1 and SIGUSR2, as jobs of Slurm have them sent before their time limit (`--signal`).

The main process raises `Ended` where it is, and again where Python ignores exceptions there; what runs cells then gives
its workers GRACE seconds. A worker that trains saves a checkpoint at the end of its step and leaves; one that does not
leaves at once, as after `kill -9`: every output is whole or absent. A worker whose parent or fork server is gone leaves
within a second, whatever ended them.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2") if hasattr(signal, name))
GRACE = 25.0  # seconds for a checkpoint: Slurm and Kubernetes send SIGKILL 30 s after SIGTERM
AGAIN = 0.1  # seconds until a signal whose exception was ignored is sent again
ORPHANED = 3  # the status of a worker without a parent, which nobody reads

_received: list[int] = []
_saving = False


class Ended(KeyboardInterrupt):
    """The process is to end because of a signal; no handler of `Exception` catches it."""


def listen(*, once: bool = False) -> None:
    """Raise `Ended` in the main thread when a signal asks for the end; one that is ignored (nohup) stays ignored.

    With `once` only the first signal does: what is saved after it is not interrupted by the others.
    """

    def end(number: int, frame: FrameType | None) -> None:
        _received.append(number)
        if not (once and len(_received) > 1):
            raise Ended(number)

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    sys.unraisablehook = partial(_sent_again, sys.unraisablehook)


def _sent_again(otherwise: Callable[[Any], object], ignored: Any) -> None:
    """Send a signal again whose exception came where Python ignores exceptions: in a callback, in a finaliser."""
    error = ignored.exc_value
    if not isinstance(error, KeyboardInterrupt):
        otherwise(ignored)
        return
    if isinstance(error, Ended):
        _received.remove(error.args[0])
    number = error.args[0] if isinstance(error, Ended) else signal.SIGINT
    later = threading.Timer(AGAIN, signal.pthread_kill, (threading.main_thread().ident, number))
    later.daemon = True
    later.start()


def settle() -> None:
    """Ignore interrupts and signals to end from now on: what is left to do is the end itself."""
    for number in (signal.SIGINT, *SIGNALS):
        signal.signal(number, signal.SIG_IGN)


def received() -> int | None:
    """Return the number of the last signal that asked this process to end, None while there was none."""
    return _received[-1] if _received else None


def was_sent(number: int) -> bool:
    """Return whether this signal was one of those that asked this process to end."""
    return number in _received


def listen_in_worker() -> None:
    """Let this worker end when a signal asks for it, or when the process that asked for it is gone."""

    for number in SIGNALS:
        signal.signal(number, _end_worker)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # which the fork server blocks
    threading.Thread(target=_leave_as_orphan, args=(os.getppid(),), daemon=True).start()


@contextmanager
def delayed() -> Iterator[None]:
    """Deliver interrupts and signals to end after the block; processes that start in it inherit that they are held."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *SIGNALS))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def postponed() -> Iterator[None]:
    """Deliver interrupts and signals to end after the block, to this process alone; call it in the main thread.

    Processes that start in the block get them as they come, unlike those of `delayed`.
    """
    numbers: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *SIGNALS)}
    for number, handler in before.items():
        if handler not in (None, signal.SIG_IGN):
            signal.signal(number, lambda number, frame: numbers.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
        if numbers:
            signal.raise_signal(numbers[0])


def listen_to_interrupts() -> None:
    """Let this worker end when it is interrupted, as Ray does to a task that is cancelled."""
    signal.signal(signal.SIGINT, _end_worker)


def _end_worker(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    if not _saving:
        leave()


def leave() -> None:
    """End this process at once, with the status that shells give to the signal that asked for it.

    Semaphores of libraries are removed: those that are left are warned about when the run ends.
    """
    multiprocessing.util._run_finalizers(0)  # type: ignore[attr-defined]
    os._exit(128 + (received() or 0))


@contextmanager
def saved_first() -> Iterator[None]:
    """While the block runs, a signal waits for `leave`, so that the block can save what it has."""
    global _saving
    _saving = True
    try:
        yield
    finally:
        _saving = False


def _leave_as_orphan(parent: int) -> None:
    """End this process when its creator has ended, or its parent in the process table (the fork server) has."""
    creator = multiprocessing.parent_process()
    sentinels = [] if creator is None else [creator.sentinel]
    while not wait(sentinels, timeout=1.0) and os.getppid() == parent:
        pass
    os._exit(ORPHANED)
