"""The state of torch and of the GPU that can change a result."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any


def torch_state() -> dict[str, Any]:
    """Return the state of torch that can change a result: threads, kernels, switches and the GPU."""
    import torch

    return {
        "torch_threads": torch.get_num_threads(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "determinism": {
            "cudnn_benchmark": torch.backends.cudnn.benchmark,
            "tf32_matmul": torch.backends.cuda.matmul.allow_tf32,
            "tf32_cudnn": torch.backends.cudnn.allow_tf32,
            "cublas_workspace": os.environ.get("CUBLAS_WORKSPACE_CONFIG", ""),
        },
        "attention": attention_kernels(),
        **_accelerator(),
    }


def attention_kernels() -> list[str]:
    """Return the attention kernels that torch may choose from on a GPU.

    The record holds the network's attention implementation separately.
    """
    import torch

    kernels: Any = torch.backends.cuda
    enabled = {
        "flash": kernels.flash_sdp_enabled(),
        "memory-efficient": kernels.mem_efficient_sdp_enabled(),
        "cudnn": kernels.cudnn_sdp_enabled(),
        "math": kernels.math_sdp_enabled(),
    }
    return [name for name, allowed in enabled.items() if allowed]


def _accelerator() -> dict[str, Any]:
    import torch

    cuda: Any = torch.cuda
    if not cuda.is_initialized():  # this process has not computed on a GPU
        return {"cuda": None, "gpu": None}
    major, minor = torch.cuda.get_device_capability()
    cudnn: Any = torch.backends.cudnn
    return {
        "cuda": torch.version.cuda,
        "gpu": torch.cuda.get_device_name(),
        "gpu_capability": f"{major}.{minor}",
        "gpu_memory_bytes": torch.cuda.get_device_properties(0).total_memory,
        "gpu_driver": driver(),
        "cudnn": cudnn.version(),
    }


def driver(version_file: Path = Path("/proc/driver/nvidia/version")) -> str | None:
    """Return the version of the NVIDIA driver; None without one."""
    try:
        match = re.search(r"Kernel Module .*?\s(\d+\.[.\d]+)\s", version_file.read_text(encoding="utf-8"))
    except OSError:
        return None
    return match[1] if match else None
