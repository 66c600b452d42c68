"""`ray.init` in a process that answers signals to end itself.

In the main thread Ray handles SIGTERM, and while its processes start that leaves some of them behind and ends this one
with another status. So another thread calls it; that one stays as long as this process, since Ray's processes end with
the thread that started them. Ray's library puts a handler before ours all the same, absl's for failures: it writes to
stderr and sets an alarm, ALARM seconds later, that aborts this process.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import nullcontext
from typing import Any

from harness.execution import ray_watcher
from harness.machine import ending

ALARM = 3.0
OFTEN = 6  # times that an alarm is cancelled before it comes


def init(ray: Any, options: dict[str, Any]) -> None:
    """Call `ray.init`, and raise what it raises.

    Where it starts a Ray of this machine (address `local`), a signal to end is answered when that has started: it ends.
    A terminal that closes ends this process alone, which ends Ray's: by themselves they would leave some of them.
    """
    raised: list[BaseException] = []
    ended, local = threading.Event(), options.get("address") == "local"

    def start() -> None:
        if local:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # processes that this thread starts inherit it
        try:
            before = ray_watcher.children_of(os.getpid()) if local else []
            ray.init(**options)
            if local:
                after = ray_watcher.children_of(os.getpid())
                ray_watcher.end_with_this_process([each for each in after if each not in before])
        except BaseException as error:  # raised again by the thread that waits
            raised.append(error)
        ended.set()
        _cancel_alarms(threading.Event(), rounds=OFTEN * 3)  # of a handler that began before ours was back
        threading.Event().wait()

    logging.getLogger("ray").setLevel(logging.ERROR)  # Ray warns that it handles no SIGTERM in this thread
    starter = threading.Thread(target=start, name="ray.init", daemon=True)
    if threading.current_thread() is not threading.main_thread():
        starter.start()
        ended.wait()
    else:
        try:
            _wait(starter, ended, local=local)
        except BaseException:
            ray.shutdown()
            raise
    if raised:
        raise raised[0]


def _cancel_alarms(until: threading.Event, rounds: int | None = None) -> None:
    """Cancel the alarm that absl's handler sets, in any thread, again and again until an event or for some rounds."""
    while rounds != 0 and not until.wait(ALARM / OFTEN):
        signal.alarm(0)
        rounds = rounds and rounds - 1


def _wait(starter: threading.Thread, ended: threading.Event, *, local: bool) -> None:
    """Start a thread and wait for an event of it, with this process's own handling of signals before and after."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        with ending.postponed() if local else nullcontext():
            starter.start()
            _cancel_alarms(ended)
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.alarm(0)
