"""The energy that was used while a cell ran, where the machine counts it; absent where it does not.

Both counters are of a whole device, so what ran beside the cell is in them too: `scope` says so. Nothing is estimated
from a rated power here; `kind` is "measured" wherever there is a number.

* Processor packages: Linux's powercap counters (RAPL), `energy_uj`, in microjoules, which start over at
  `max_energy_range_uj`. They are readable by root alone on most machines.
* GPU: NVML's `nvmlDeviceGetTotalEnergyConsumption`, in millijoules since the driver was loaded; wants `nvidia-ml-py`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
_PACKAGE = "intel-rapl:[0-9]*"  # AMD's too; with a second colon it is a part of a package, counted there already


@dataclass(frozen=True)
class Meter:
    """Counters as they stood when a cell began."""

    device: str
    powercap: Path
    packages: dict[str, int]  # microjoules
    gpu: int | None  # millijoules

    def read(self) -> dict[str, Any]:
        """Return the joules since then, {} where nothing is counted."""
        found: dict[str, Any] = {}
        now = _packages(self.powercap)
        if self.packages and now.keys() == self.packages.keys():
            used = sum(_passed(self.packages[name], now[name], self.powercap / name) for name in now)
            found["cpu_joules"] = used / 1e6
        gpu = _gpu(self.device)
        if gpu is not None and self.gpu is not None:
            found["gpu_joules"] = (gpu - self.gpu) / 1e3
        return {**found, "kind": "measured", "scope": "whole devices, all that ran beside the cell"} if found else {}


def start(device: str, powercap: Path = POWERCAP) -> Meter:
    """Return a meter that counts from now."""
    return Meter(device, powercap, _packages(powercap), _gpu(device))


def _packages(powercap: Path) -> dict[str, int]:
    found = {}
    for folder in sorted(powercap.glob(_PACKAGE)):
        if folder.name.count(":") == 1:
            try:
                found[folder.name] = int((folder / "energy_uj").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return {}
    return found


def _passed(before: int, after: int, folder: Path) -> int:
    """Return the microjoules between two readings; the counter may have started over once."""
    if after >= before:
        return after - before
    return after - before + int((folder / "max_energy_range_uj").read_text(encoding="utf-8"))


def _gpu(device: str) -> int | None:
    if device == "cpu" or importlib.util.find_spec("pynvml") is None:
        return None
    nvml: Any = importlib.import_module("pynvml")
    try:
        import torch

        nvml.nvmlInit()
        name = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
        return int(nvml.nvmlDeviceGetTotalEnergyConsumption(nvml.nvmlDeviceGetHandleByUUID(name)))
    except nvml.NVMLError:
        return None
