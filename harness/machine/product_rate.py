"""How fast this processor multiplies matrices in half precision, and in float32.

A processor without the instructions emulates half precision: hundreds of times slower on one, faster than float32 on
another. Only a measurement tells.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.keys import digest
from harness.machine import determinism
from harness.machine.hardware import environment
from harness.machine.store import Store

STAGE, VERSION = "product-rate", 1
SINGLE = "float32"
SHAPE = (128, 256, 256)  # 17 million operations: 0.08 s where half precision runs at 0.2 GFLOP/s
SECONDS = 0.1  # per precision, after one product; all in all at most 0.4 s at 0.2 GFLOP/s


def product_rates(precision: str, store: Store) -> Mapping[str, float]:
    """Return GFLOP/s of one thread in `precision` and in float32, two digits each.

    They are measured once per processor and version of torch, and kept in the store.
    """
    determinism.set_environment()  # the measurement may be the first to import torch
    machine = environment()
    settings = [precision, machine["cpu"], machine["cpu_instructions"], machine["packages"].get("torch")]
    name = digest([STAGE, VERSION, settings])  # of no stage of a cell: it is an input of none
    rates: dict[str, float] = store.read_json(STAGE, name, lambda: measured(precision))
    return rates


def measured(precision: str) -> dict[str, float]:
    """Return GFLOP/s of one thread by name of the precision: the best product of those that fit into SECONDS."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {name: float(f"{_rate(getattr(torch, name)) / 1e9:.2g}") for name in (precision, SINGLE)}
    finally:
        torch.set_num_threads(before)


def _rate(dtype: Any) -> float:
    """Return operations per second of CPU time, so that other processes do not count."""
    import torch

    rows, inner, columns = SHAPE
    left, right = torch.ones(rows, inner, dtype=dtype), torch.ones(inner, columns, dtype=dtype)
    left @ right  # the first one makes kernels
    best, end = float("inf"), time.perf_counter() + SECONDS
    while best == float("inf") or time.perf_counter() < end:
        started = time.thread_time()
        left @ right
        best = min(best, time.thread_time() - started)
    return 2 * rows * inner * columns / best
