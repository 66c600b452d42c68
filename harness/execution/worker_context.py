"""How worker processes are started: by a fork server, with locks that stay until every worker has started or ended.

A pool that is stopped removes the locks of its channel, while a worker that it has just started may not have opened
them yet; that worker would end with a traceback in the terminal of a run that has succeeded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import queues
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import RLock
from typing import Any

SEMAPHORES = "/dev/shm, where semaphores are"


class WorkerContext(ForkServerContext):
    """A fork server context that holds the locks it has made as long as it lives itself.

    An OSError of a lock or queue that cannot be made names the place where the system keeps semaphores.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802
        """Return a lock that another process can open until this context is gone."""
        with _named():
            lock = super().RLock()
        self._held.append(lock)
        return lock

    def Queue(self, maxsize: int = 0) -> queues.Queue[Any]:  # noqa: N802
        """Return a queue between processes."""
        with _named():
            return super().Queue(maxsize)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, error.filename or SEMAPHORES) from error
