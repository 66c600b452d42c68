"""What the benchmarks of encoders share: time, memory and product rate of a device, operations of a network."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any


def clock(device: str) -> float:
    """Return the time after all work of the device is finished."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize()
    return time.perf_counter()


def reset_peak(device: str) -> None:
    """Reset the peak memory of a GPU; that of a process on CPU cannot be."""
    if device != "cpu":
        import torch

        torch.cuda.reset_peak_memory_stats()


def product_rate(device: str, precision: str) -> float:
    """Return the operations per second of a large square product, the best of six runs."""
    import torch

    size, products = (1024, 1) if device == "cpu" else (8192, 20)
    left, right = (torch.randn(size, size, device=device).to(getattr(torch, precision)) for _ in range(2))
    best = float("inf")
    for _ in range(6):
        started = clock(device)
        for _ in range(products):
            left @ right
        best = min(best, clock(device) - started)
    return 2 * size**3 * products / best


def forward_operations(config: Mapping[str, Any], layers: int, lengths: Sequence[int]) -> float:
    """Return the operations of the products of a forward pass over texts of these lengths in tokens, unpadded.

    2 × (4 h² + 2 h i) per token and layer, and 4 h × length for the products of attention.
    """
    hidden, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    per_token = 2 * (4 * hidden**2 + 2 * hidden * inner)
    tokens, squares = sum(lengths), sum(length**2 for length in lengths)
    return float(layers * (per_token * tokens + 4 * hidden * squares))
