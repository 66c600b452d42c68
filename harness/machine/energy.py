"""The energy used while a cell ran, on machines with energy counters; empty on others.

The counters cover whole devices and so include other processes: `scope` says so. Nothing is estimated from a rated
power: `kind` is always "measured".

* Processor packages: Linux's powercap counters (RAPL), `energy_uj`, in microjoules, which wrap around at
  `max_energy_range_uj`. On most machines only root can read them.
* GPU: NVML's `nvmlDeviceGetTotalEnergyConsumption`, in millijoules since the driver was loaded; needs `nvidia-ml-py`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
_PACKAGE = "intel-rapl:[0-9]*"  # AMD's too; a second colon marks a part of a package, which the package includes


@dataclass(frozen=True)
class Meter:
    """The counters at the start of a cell."""

    device: str
    powercap: Path
    packages: dict[str, int]  # microjoules
    gpu: int | None  # millijoules
    also: tuple[str, ...] = ()  # further devices

    def read(self) -> dict[str, Any]:
        """Return the joules since the start; {} without counters."""
        joules: dict[str, Any] = {}
        packages = _packages(self.powercap)
        if self.packages and packages.keys() == self.packages.keys():
            used = sum(_difference(self.packages[name], packages[name], self.powercap / name) for name in packages)
            joules["cpu_joules"] = used / 1e6
        gpu = _gpu(self.device, self.also)
        if gpu is not None and self.gpu is not None:
            joules["gpu_joules"] = (gpu - self.gpu) / 1e3
        return {**joules, "kind": "measured", "scope": "whole devices, all that ran beside the cell"} if joules else {}


def start(device: str, powercap: Path = POWERCAP, also: tuple[str, ...] = ()) -> Meter:
    """Return a meter started now, of a device and of those that work beside it, such as `cuda:1`."""
    return Meter(device, powercap, _packages(powercap), _gpu(device, also), also)


def _packages(powercap: Path) -> dict[str, int]:
    microjoules = {}
    for folder in sorted(powercap.glob(_PACKAGE)):
        if folder.name.count(":") == 1:
            try:
                microjoules[folder.name] = int((folder / "energy_uj").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return {}
    return microjoules


def _difference(before: int, after: int, folder: Path) -> int:
    """Return the microjoules between two readings; the counter may have wrapped around once."""
    if after >= before:
        return after - before
    return after - before + int((folder / "max_energy_range_uj").read_text(encoding="utf-8"))


def _gpu(device: str, also: tuple[str, ...]) -> int | None:
    """Return the millijoules of all GPUs together."""
    if device == "cpu" or importlib.util.find_spec("pynvml") is None:
        return None
    nvml: Any = importlib.import_module("pynvml")
    try:
        import torch

        nvml.nvmlInit()
        numbers = {torch.cuda.current_device(), *(torch.device(name).index for name in also)}
        names = [f"GPU-{torch.cuda.get_device_properties(number).uuid}" for number in numbers]
        handles = [nvml.nvmlDeviceGetHandleByUUID(name) for name in names]
        return sum(int(nvml.nvmlDeviceGetTotalEnergyConsumption(handle)) for handle in handles)
    except nvml.NVMLError:
        return None
