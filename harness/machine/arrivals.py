"""What comes from a server, waited for until a time and no longer.

Clients limit how long a connection may be silent. One that sends a byte now and then, of its headers too, is cut off
here: another thread asks it, and is left where it has not answered in time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Late(Exception):  # noqa: N818 - a state
    """What was waited for has not come."""


AHEAD = 16  # items that wait to be taken
LOOK = 0.2  # seconds after which the thread sees that nothing more is taken


def until(end: float, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items as another thread gets them, and raise what it raises.

    Raises Late where the next one, or the end, has not come at `end`, in the seconds of time.monotonic.
    """
    feed = _Feed(items)
    threading.Thread(target=feed.run, name="arrivals", daemon=True).start()
    try:
        while (item := feed.next(end)) is not None:
            yield item
    finally:
        feed.given_up.set()


class _Feed(Generic[Item]):
    """Items that a thread gets and another one takes; None is their end."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.given_up = threading.Event()
        self._items = items
        self._arrived: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(AHEAD)

    def run(self) -> None:
        """Get the items, in the thread, until nobody takes them any more."""
        raised: BaseException | None = None
        try:
            for item in self._items:
                self._put(item, None)
                if self.given_up.is_set():
                    return
        except BaseException as error:  # raised again by the thread that waits
            raised = error
        self._put(None, raised)

    def next(self, end: float) -> Item | None:
        """Return the next item, None after the last one; raises what the thread met, and Late at `end`."""
        try:
            item, raised = self._arrived.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise Late from None
        if raised is not None:
            raise raised
        return item

    def _put(self, item: Item | None, raised: BaseException | None) -> None:
        while not self.given_up.is_set():
            with suppress(queue.Full):
                self._arrived.put((item, raised), timeout=LOOK)
                return
