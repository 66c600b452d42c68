"""Feeding an accelerator: what comes next is made in a thread, in pinned memory, while the device computes.

One core tokenises about 2,500 passages of 128 tokens a second, less than an accelerator is expected to encode: there
the tokenizer takes all cores. Its output does not depend on that.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")
Batch = tuple[Any, dict[str, Any]]
TOKENIZER_THREADS = "TOKENIZERS_PARALLELISM"  # read by the library at every call
AHEAD = 4  # batches; those of 65,536 tokens are 1 MB each
END = object()


def ahead(items: Iterator[Item], device: str, count: int = AHEAD) -> Iterator[Item]:
    """Yield the items; on an accelerator, a thread makes up to `count` of them ahead. Errors come in their place.

    On CPU nothing is made ahead: the thread would compete for the core.
    """
    return iter(items) if device == "cpu" else _ahead(items, count)


def _ahead(items: Iterator[Item], count: int) -> Iterator[Item]:
    with ThreadPoolExecutor(1) as thread:  # one: items are made one after the other, in order
        coming: deque[Future[Any]] = deque(thread.submit(next, items, END) for _ in range(count))
        while (item := coming.popleft().result()) is not END:
            coming.append(thread.submit(next, items, END))
            yield item


@contextmanager
def tokenizer_threads(device: str) -> Iterator[None]:
    """Let a tokenizer use all cores while the block runs, where an accelerator waits for it; on CPU one, as set."""
    before = os.environ.get(TOKENIZER_THREADS)
    if device == "cpu" or before is None:
        yield
        return
    os.environ[TOKENIZER_THREADS] = "true"
    try:
        yield
    finally:
        os.environ[TOKENIZER_THREADS] = before


def on_device(batches: Iterator[Batch], device: Any) -> Iterator[Batch]:
    """Yield places and features of batches, the tensors on the device, copied without waiting for it."""
    if device.type == "cpu":
        yield from batches
        return
    for batch in ahead((_each(batch, "pin_memory") for batch in batches), device.type):
        yield _each(batch, "to", device, non_blocking=True)


def _each(batch: Batch, method: str, *arguments: Any, **options: Any) -> Batch:
    """Return the batch with a method called on each of its tensors."""
    places, features = batch
    tensors = {name: value for name, value in features.items() if hasattr(value, method)}
    return places, features | {name: getattr(value, method)(*arguments, **options) for name, value in tensors.items()}
