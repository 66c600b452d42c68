"""How worker processes are started: by a fork server, with locks that stay until every worker has started or ended.

A pool that is stopped removes the locks of its channel, while a worker that it has just started may not have opened
them yet; that worker would end with a traceback in the terminal of a run that has succeeded.
"""

from __future__ import annotations

from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import RLock


class WorkerContext(ForkServerContext):
    """A fork server context that holds the locks it has made as long as it lives itself."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802
        """Return a lock that another process can open until this context is gone."""
        lock = super().RLock()
        self._held.append(lock)
        return lock
