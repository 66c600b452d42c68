"""Worker processes on this machine: a fork server with the libraries loaded, a new process for every cell."""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from harness.errors import RequestError
from harness.execution.cell_memory import Room, limit_line, usable_memory
from harness.execution.executor import OnProgress, OnWarning, Outcome, Parameters, Returned, unheard
from harness.execution.worker import failed, run_cell
from harness.execution.worker_context import WorkerContext
from harness.machine import determinism, ending
from harness.machine.file_hashes import share, shared_notes
from harness.request.cell import Cell
from harness.stages.stage_settings import tasks_of

PRELOADED = [
    "harness.machine.ends_with_parent",
    *("sentence_transformers", "datasets", "ir_measures", "pyarrow.parquet", "harness.pipeline"),
]
STARTS = 3  # of a fork server that is killed while it loads libraries
ENDING = 0.5  # seconds for the system to take a killed one away: until then another one is not started
NO_STATUS = 255  # what multiprocessing reports where the fork server ended before the worker
_events: Any = None


def _start_fork_server(context: ForkServerContext) -> None:
    """Start the fork server and return when it has loaded the libraries.

    It never receives interrupts and signals to end, and ends with the parent. Those that reach the parent while it
    starts are delivered right after; while it loads, no worker waits for it.
    """
    os.environ["HARNESS_PARENT"] = str(os.getpid())  # of this one and of those that replace it
    for attempt in range(STARTS):
        with ending.delayed():
            resource_tracker.ensure_running()  # it unblocks some of them when it has started
            with ending.delayed():
                forkserver.ensure_running()
        probe = context.Process(target=_do_nothing)
        try:
            probe.start()
        except (EOFError, OSError) as error:  # it was killed while it loaded
            if attempt + 1 < STARTS:
                time.sleep(ENDING)
                continue
            raise RequestError(
                f"the process that starts workers was killed {STARTS} times while it loaded libraries; "
                "free memory, and run the same command again"
            ) from error
        probe.join()
        return


def _do_nothing() -> None:
    """The first process that the fork server makes."""


def _start(events: Any, notes: Path) -> None:
    global _events
    _events = events
    share(notes)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles an interrupt
    ending.listen_in_worker()
    gc.freeze()  # the fork server's objects are never garbage; scanning them costs 0.25 s per training


def _work(cell: Cell, folder: Path) -> Outcome:
    name = str(cell)
    return run_cell(cell, folder, lambda stage, done, total: _events.put((name, stage, done, total)))


@dataclass(frozen=True)
class LocalExecutor:
    """At most `jobs` cells in parallel, one thread each, and fewer where their memory does not fit.

    Results do not depend on it. `grace`: seconds in which trainings may save a checkpoint after a signal to end.
    """

    jobs: int
    grace: float = ending.GRACE

    def check(self, cells: Sequence[Cell], folder: Path) -> None:
        """Accept this machine: what it lacks is found where it is read."""

    def apply(
        self, function: Callable[Parameters, Returned], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Returned:
        """Return what `function` returns, in this process."""
        return function(*arguments, **named)

    def limits(self, cells: Sequence[Cell]) -> list[str]:
        """Return a line where memory lets fewer cells run in parallel."""
        line = limit_line(cells, self.jobs)
        return [] if line is None else [line]

    def run(
        self, cells: Sequence[Cell], folder: Path, on_progress: OnProgress, on_warning: OnWarning = unheard
    ) -> Iterator[Outcome]:
        """Yield outcomes as cells end; a killed worker is a failed cell, and the others continue.

        A cell whose fork server was killed runs again, once. After a signal to end, trainings save a checkpoint.
        """
        determinism.set_environment()
        context = WorkerContext()
        context.set_forkserver_preload(
            [*PRELOADED, *(["harness.mteb.task_scoring"] if any(map(tasks_of, cells)) else [])]
        )
        _start_fork_server(context)
        others, events = set(multiprocessing.active_children()), context.Queue()
        waiting, room = list(cells), Room(self.jobs, usable_memory())
        with shared_notes() as notes:
            pool = ProcessPool(
                min(self.jobs, len(cells)), max_tasks=1, initializer=_start, initargs=(events, notes), context=context
            )
            running: dict[Any, Cell] = {}
            again: list[Cell] = []
            try:
                while waiting or running:
                    while (cell := room.admit(waiting)) is not None:
                        waiting.remove(cell)
                        with ending.delayed():  # the pool's threads start here, and from them a lost fork server
                            running[pool.schedule(_work, args=[cell, folder])] = cell
                    for future in _ended(running, events, on_progress):
                        cell = running.pop(future)
                        room.ended(cell)
                        if _lost_fork_server(future) and cell not in again:
                            again.append(cell)
                            waiting.append(cell)
                        else:
                            yield _outcome(future, cell, folder)
            finally:
                try:
                    if ending.received() is not None:
                        _let_save(self.grace)  # a second signal ends the wait
                finally:
                    pool.stop()  # type: ignore[no-untyped-call]
                    pool.join()
                    _end(set(multiprocessing.active_children()) - others)
                    events.close()


def _ended(running: Mapping[Any, Cell], events: Any, on_progress: OnProgress) -> set[Any]:
    """Wait until some of the running cells have ended, and return their futures; progress is shown meanwhile."""
    done: set[Any] = set()
    while not done:
        done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
        _drain(events, on_progress)
    return done


def _drain(events: Any, on_progress: OnProgress) -> None:
    while True:
        try:
            on_progress(*events.get_nowait())
        except queue.Empty:
            return


def _let_save(grace: float) -> None:
    """Ask the workers to end, and wait until they have, or until `grace` seconds are over."""
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    until = time.monotonic() + grace
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))


def _end(workers: Iterable[BaseProcess]) -> None:
    """End workers that the pool started in place of those that ended; while they start, they need `events`."""
    for worker in workers:
        worker.kill()
        worker.join()


def _lost_fork_server(future: Any) -> bool:
    """Return whether a cell ended without a status, as when the fork server that would report it is gone."""
    error = future.exception()
    return isinstance(error, ProcessExpired) and error.exitcode == NO_STATUS


def _outcome(future: Any, cell: Cell, folder: Path) -> Outcome:
    error = future.exception()
    if error is None:
        outcome: Outcome = future.result()
        return outcome
    expired = isinstance(error, ProcessExpired)
    reason = _death(error.exitcode or 0) if expired else f"{type(error).__name__}: {error}"
    return failed(cell, folder, reason)


def _death(exitcode: int) -> str:
    if exitcode == -signal.SIGKILL:
        return "killed by signal 9, as the system does when memory runs out; try --jobs 1 or a smaller batch"
    if exitcode < 0:
        return f"killed by signal {-exitcode} ({signal.Signals(-exitcode).name})"
    return f"its process ended with status {exitcode} before the cell was done"
