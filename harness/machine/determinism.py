"""How a process computes: one thread on CPU, deterministic algorithms, no global draw left unseeded.

`HARNESS_THREADS` sets another number of threads a cell. It changes the last bits (trap T20), and so is in the keys.
"""

from __future__ import annotations

import os
import random
import resource
import sys
from collections.abc import MutableMapping

from harness.keys import derive

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",  # busy waiting makes two trainings on two cores 8 times slower (trap T21)
    "TOKENIZERS_PARALLELISM": "false",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # what torch asks for to make cuBLAS deterministic
    "ACCELERATE_MIXED_PRECISION": "no",  # where a training says nothing of halves, its trainer reads it here
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


THREADS = "HARNESS_THREADS"
_READ_BY_LIBRARIES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def threads() -> int:
    """Return the threads of a cell: one, or what HARNESS_THREADS says; raises RequestError for no positive number."""
    from harness.errors import RequestError

    given = os.environ.get(THREADS, "1")
    if not (given.isascii() and given.isdigit() and int(given) > 0):
        raise RequestError(f"{THREADS}={given}: want a number of threads a cell, from 1 on")
    return int(given)


def thread_settings() -> dict[str, int]:
    """Return what the keys of computed stages say of threads: nothing of one, which is the rule."""
    return {"threads": threads()} if threads() > 1 else {}


def variables() -> dict[str, str]:
    """Return the variables that libraries read when they are imported."""
    count = str(threads())
    return {**ENVIRONMENT, **dict.fromkeys(_READ_BY_LIBRARIES, count), THREADS: count}


def set_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set the variables that libraries read when they are imported; call it before torch is."""
    environment.update(variables())


def deterministic(seed: int, device: str) -> None:
    """Fix threads, algorithms and every global generator for one cell."""
    import numpy as np
    import torch

    torch.set_num_threads(threads())
    # Strict: only then are the backwards of flash and memory-efficient attention deterministic (PyTorch's
    # attention_backward.cu takes one split of the keys); cuDNN's attention has none that is.
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


def peak_memory(device: str) -> int:
    """Return the process' peak resident bytes, or the peak bytes on the accelerator."""
    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def device_of(wanted: str) -> str:
    """Return `cpu` or `cuda` for `auto`, looking for a driver before torch is imported for the question."""
    import shutil

    from harness.errors import RequestError

    if wanted == "cpu" or (wanted == "auto" and shutil.which("nvidia-smi") is None):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "auto":
        return "cpu"
    raise RequestError(f"--device {wanted}: torch sees no such device; use --device cpu")
