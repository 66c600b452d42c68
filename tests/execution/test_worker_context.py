"""A worker that starts while its pool stops opens the pool's locks, and ends without a traceback."""

from __future__ import annotations

import gc
import multiprocessing
import time
from multiprocessing.context import BaseContext

import pytest
from pebble.pool.channel import channels

from harness.execution.worker_context import WorkerContext

SLOW = 0.5  # seconds for which the worker has not read its arguments yet


class Slow:
    """An argument that takes a while to read."""

    def __reduce__(self) -> tuple[object, tuple[float]]:
        return time.sleep, (SLOW,)


def work(*_: object) -> None:
    """What the worker does."""


@pytest.mark.parametrize(("context", "status"), [(WorkerContext(), 0), (multiprocessing.get_context("forkserver"), 1)])
def test_locks_can_be_opened_after_the_channel_is_closed(context: BaseContext, status: int) -> None:
    first = context.Process(target=work)
    first.start()  # and the fork server with it
    first.join()
    pool, workers = channels(context)
    worker = context.Process(target=work, args=(Slow(), workers.mutex))
    worker.start()
    workers.mutex.unlink()
    gc.collect()
    worker.join()
    assert worker.exitcode == status
    pool.close()
