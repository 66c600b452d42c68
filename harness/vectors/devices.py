"""Blocks of texts encoded on several devices of one machine: a thread and a copy of the model for each.

A block goes to the next free device, and blocks are yielded in their order. What a block's vectors are does not depend
on the device, as its batches are made from its texts alone and the devices are of one model: the bytes are those of one
device. Threads are enough: kernels and tokenizers run outside Python's lock.
"""

from __future__ import annotations

import copy
import queue
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from harness.vectors.encoder import Encoder, Prepared

Name = TypeVar("Name")
WAITING = 1  # blocks per device that are tokenised or encoded ahead: 16,384 vectors of 1,024 numbers are 64 MiB


def encoded(
    blocks: Iterator[tuple[Name, Prepared]], encoder: Encoder, devices: Sequence[str] = ()
) -> Iterator[tuple[Name, NDArray[np.float32]]]:
    """Yield the name and the vectors of each block, in their order; without `devices` on that of the encoder.

    An error on one device comes in the place of its block; what the others are computing then is finished and dropped.
    """
    if not devices:
        for name, prepared in blocks:
            yield name, encoder.vectors(prepared)
        return
    free: queue.SimpleQueue[Encoder] = queue.SimpleQueue()
    for each in _copies(encoder, devices):
        free.put(each)
    coming: deque[tuple[Name, Future[NDArray[np.float32]]]] = deque()
    with _threads(len(devices)) as threads:
        try:
            for name, prepared in blocks:
                coming.append((name, threads.submit(_vectors, free, prepared)))
                if len(coming) > (1 + WAITING) * len(devices):
                    name, vectors = coming.popleft()
                    yield name, vectors.result()
            while coming:
                name, vectors = coming.popleft()
                yield name, vectors.result()
        finally:
            for _, future in coming:
                future.cancel()


def _copies(encoder: Encoder, devices: Sequence[str]) -> Iterator[Encoder]:
    """Yield an encoder for each device; the one of the encoder's own device, if it is among them, is the encoder."""
    import torch

    own: torch.device | None = encoder.model.device
    for device in devices:
        if torch.device(device) == own:
            own = None
            yield encoder
        else:
            yield replace(encoder, model=copy.deepcopy(encoder.model).to(device))


def _threads(count: int) -> ThreadPoolExecutor:
    """Return threads in which torch computes with as many threads of its own as in this one: bits depend on that."""
    import torch

    return ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(torch.get_num_threads(),))


def _vectors(free: queue.SimpleQueue[Encoder], prepared: Prepared) -> NDArray[np.float32]:
    encoder = free.get()
    try:
        with _current(encoder.model.device):
            return encoder.vectors(prepared)
    finally:
        free.put(encoder)


def _current(device: Any) -> Any:
    """Make a GPU the current one of this thread."""
    import torch

    return nullcontext() if device.type == "cpu" else torch.cuda.device(device)
