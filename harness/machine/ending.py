"""An end that a signal asks for: SIGTERM, as schedulers send it before they kill, or SIGHUP, of a closed terminal.

The main process raises `Ended` where it is; what runs cells then gives its workers GRACE seconds. A worker that trains
saves a checkpoint at the end of its step and leaves; one that does not leaves at once, as after `kill -9`: every output
is whole or absent. A worker whose parent or fork server is gone leaves within a second, whatever ended them.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
GRACE = 25.0  # seconds for a checkpoint: Slurm and Kubernetes send SIGKILL 30 s after SIGTERM
ORPHANED = 3  # the status of a worker without a parent, which nobody reads

_received: int | None = None
_saving = False


class Ended(KeyboardInterrupt):
    """The process is to end because of a signal; no handler of `Exception` catches it."""


def listen() -> None:
    """Raise `Ended` in the main thread when a signal asks for the end; one that is ignored (nohup) stays ignored."""

    def end(number: int, frame: FrameType | None) -> None:
        global _received
        _received = number
        raise Ended(number)

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


def settle() -> None:
    """Ignore interrupts and signals to end from now on: what is left to do is the end itself."""
    for number in (signal.SIGINT, *SIGNALS):
        signal.signal(number, signal.SIG_IGN)


def received() -> int | None:
    """Return the number of the signal that asked this process to end, None while there was none."""
    return _received


def listen_in_worker() -> None:
    """Let this worker end when a signal asks for it, or when the process that asked for it is gone."""

    def end(number: int, frame: FrameType | None) -> None:
        global _received
        _received = number
        if not _saving:
            leave()

    for number in SIGNALS:
        signal.signal(number, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # which the fork server blocks
    threading.Thread(target=_leave_as_orphan, args=(os.getppid(),), daemon=True).start()


def leave() -> None:
    """End this process at once, with the status that shells give to the signal that asked for it.

    Semaphores of libraries are removed: those that are left are warned about when the run ends.
    """
    multiprocessing.util._run_finalizers(0)  # type: ignore[attr-defined]
    os._exit(128 + (_received or 0))


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
