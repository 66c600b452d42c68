"""The device that a process computes on, and its peak memory."""

from __future__ import annotations

import resource
import shutil
import sys

from harness.errors import RequestError


def peak_memory(device: str) -> int:
    """Return the peak bytes in use: resident memory of the process on CPU, otherwise memory of the GPU."""
    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_in_use() -> int:
    """Return the peak bytes of the device that this process computes on: its GPU where torch has begun to use one."""
    torch = sys.modules.get("torch")
    return peak_memory("cuda" if torch is not None and torch.cuda.is_initialized() else "cpu")


def gpu_without_bfloat16() -> str:
    """Return the name of the GPU if it has no instructions for bfloat16, which torch would emulate; "" if it has."""
    import torch

    return "" if torch.cuda.is_bf16_supported(including_emulation=False) else torch.cuda.get_device_name()


def check_encode_devices(names: tuple[str, ...], device: str) -> None:
    """Raise RequestError for devices that cannot share the encoding of a cell on `device`, which is `cpu` or `cuda`.

    They are several of its kind: `cpu` as often as there are workers, or each GPU once, all of one model.
    """
    given = f"--encode-devices {','.join(names)}"
    if len(names) < 2:
        raise RequestError(f"{given}: one device encodes without this option; name several, such as cuda:0,cuda:1")
    if device == "cpu":
        if set(names) != {"cpu"}:
            raise RequestError(f"{given}: the cells compute on cpu; name cpu once per worker, or add --device cuda")
        return
    import torch

    known = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    for name in names:
        if name not in known:
            raise RequestError(f"{given}: {name} is not a GPU of this machine; available: {', '.join(known)}")
    if len(set(names)) < len(names):
        raise RequestError(f"{given}: a GPU is named twice; name each once")
    models = {torch.cuda.get_device_name(name) for name in ("cuda", *names)}
    if len(models) > 1:
        raise RequestError(
            f"{given}: GPUs of different models ({', '.join(sorted(models))}) give different bits; "
            "name those of the model of cuda:0"
        )


def is_here(device: str) -> bool:
    """Return whether this machine has the device; a login node of a cluster does not have the GPUs of its nodes."""
    if device == "cpu":
        return True
    import torch

    return bool(torch.cuda.is_available())


def resolve_device(requested: str) -> str:
    """Return `cpu` or `cuda` for `auto`, `cpu` or `cuda`; raises RequestError if CUDA is requested but not available.

    Without an NVIDIA driver `auto` does not import torch.
    """
    if requested == "cpu" or (requested == "auto" and shutil.which("nvidia-smi") is None):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if requested == "auto":
        return "cpu"
    raise RequestError(f"--device {requested}: CUDA is not available; use --device cpu")
