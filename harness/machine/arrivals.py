"""What comes from a server, waited for until a time and no longer.

Clients limit how long a connection may be silent. One that sends a byte now and then, of its headers too, is cut off
here: another thread asks it, and is left where it has not answered in time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Late(Exception):  # noqa: N818 - a state
    """What was waited for has not come."""


AHEAD = 16  # items that wait to be taken
LOOK = 0.2  # seconds after which the thread sees that nothing more is taken


def until(end: float, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items as another thread gets them, and raise what it raises.

    Raises Late where the next one, or the end, has not come at `end`, in the seconds of time.monotonic.
    """
    arrived: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(AHEAD)
    given_up = threading.Event()

    def put(item: Item | None, raised: BaseException | None) -> None:
        while not given_up.is_set():
            try:
                return arrived.put((item, raised), timeout=LOOK)
            except queue.Full:
                pass

    def get() -> None:
        try:
            for item in items:
                put(item, None)
                if given_up.is_set():
                    return
        except BaseException as error:  # raised again by the thread that waits
            put(None, error)
        else:
            put(None, StopIteration())

    threading.Thread(target=get, name="arrivals", daemon=True).start()
    try:
        while True:
            try:
                item, raised = arrived.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise Late from None
            if isinstance(raised, StopIteration):
                return
            if raised is not None:
                raise raised
            yield item  # type: ignore[misc]
    finally:
        given_up.set()
