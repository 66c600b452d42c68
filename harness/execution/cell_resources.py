"""What one cell asks a cluster for: GPUs, CPUs and memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from harness.errors import RequestError
from harness.machine import determinism


@dataclass(frozen=True)
class CellResources:
    """The resources of every cell of a run as they were given; None is the default of the executor.

    They decide where a cell may run, and change no number: threads are those of HARNESS_THREADS.
    """

    gpus: float | None = None
    cpus: int | None = None
    memory: int | None = None  # bytes

    def given(self) -> list[str]:
        """Return the options that were given."""
        values = {"--gpus-per-cell": self.gpus, "--cpus-per-cell": self.cpus, "--memory-per-cell": self.memory}
        return [option for option, value in values.items() if value is not None]

    def gpus_on(self, device: str) -> float:
        """Return the GPUs of a cell that computes on `device`: by default one, and none on CPU.

        Raises RequestError for GPUs that the cell would not use, and for none where it computes on one.
        """
        gpus = (0.0 if device == "cpu" else 1.0) if self.gpus is None else self.gpus
        if not math.isfinite(gpus):
            raise RequestError(f"--gpus-per-cell {gpus}: not a number of GPUs; give one, such as 1 or 0.5")
        if gpus and device == "cpu":
            raise RequestError(
                f"--gpus-per-cell {gpus:g}: cells compute on the CPU; add --device cuda, or leave it out"
            )
        if not gpus and device != "cpu":
            raise RequestError(f"--gpus-per-cell 0: cells compute on {device}; add --device cpu, or give them a GPU")
        return gpus

    def on_ray(self, device: str) -> dict[str, Any]:
        """Return the options of a Ray task with these resources; raises RequestError for GPUs that Ray cannot give."""
        gpus = self.gpus_on(device)
        if gpus > 1 and not gpus.is_integer():
            raise RequestError(f"--gpus-per-cell {gpus:g}: Ray gives whole GPUs above one; round it")
        memory = {} if self.memory is None else {"memory": self.memory}
        return {"num_cpus": self.cpus_in_use(), "num_gpus": gpus, **memory}

    def cpus_in_use(self) -> int:
        """Return the CPUs of a cell, by default one per thread; raises RequestError for fewer than its threads."""
        threads = determinism.threads()
        cpus = threads if self.cpus is None else self.cpus
        if cpus < threads:
            raise RequestError(
                f"--cpus-per-cell {cpus}: a cell has {threads} threads ({determinism.THREADS}); give it as many CPUs"
            )
        return cpus
