"""Deterministic computation: one CPU thread, deterministic algorithms, every global generator seeded.

`HARNESS_THREADS` sets another number of threads per cell. It changes the last bits of results (docs/traps.md, T20), so
the keys contain it.
"""

from __future__ import annotations

import os
import random
from collections.abc import MutableMapping

from harness.errors import RequestError
from harness.keys import derive

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # busy waiting: two trainings on two cores 8 times slower (docs/traps.md, T21)
    "TOKENIZERS_PARALLELISM": "false",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # required by torch for deterministic cuBLAS
    "ACCELERATE_MIXED_PRECISION": "no",  # the trainer's default where the arguments set no precision
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


THREADS = "HARNESS_THREADS"
_READ_BY_LIBRARIES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def threads() -> int:
    """Return the threads per cell: HARNESS_THREADS, by default 1; raises RequestError if it is not positive."""
    text = os.environ.get(THREADS, "1")
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise RequestError(f"{THREADS}={text} is not a positive integer; set threads per cell")
    return int(text)


def thread_settings() -> dict[str, int]:
    """Return the part of a stage's key about threads: empty for one thread, the default."""
    return {"threads": threads()} if threads() > 1 else {}


def variables() -> dict[str, str]:
    """Return the environment variables that libraries read when they are imported."""
    count = str(threads())
    return {**ENVIRONMENT, **dict.fromkeys(_READ_BY_LIBRARIES, count), THREADS: count}


def set_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set the variables that libraries read when they are imported; call it before importing torch."""
    environment.update(variables())


def set_deterministic(seed: int, device: str) -> None:
    """Set threads, deterministic algorithms and the seeds of all global generators for one cell."""
    import numpy as np
    import torch

    torch.set_num_threads(threads())
    # Not warn_only: the backward passes of flash and memory-efficient attention are deterministic only in strict mode
    # (PyTorch's attention_backward.cu then uses one split of the keys). cuDNN's attention has no deterministic one.
    torch.use_deterministic_algorithms(True, warn_only=False)
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(derive(seed, "global"))
    np.random.seed(derive(seed, "global"))
    random.seed(derive(seed, "global"))
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
