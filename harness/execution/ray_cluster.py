"""Cells on a Ray cluster (`pip install .[ray]`).

Every node needs the package, and the output folder and the cache at the same paths (a shared file system). A cell whose
worker was killed is retried once; one that fails again is a failed row.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RequestError, one_line
from harness.execution.executor import OnProgress, OnWarning, Outcome, unheard
from harness.execution.worker import failed, run_cell
from harness.machine import determinism
from harness.request.cell import Cell


@dataclass(frozen=True)
class RayExecutor:
    """At most `jobs` cells in parallel, each with one CPU, and one GPU where the device is one."""

    jobs: int

    def __post_init__(self) -> None:
        if importlib.util.find_spec("ray") is None:  # before anything is written
            raise RequestError("--executor ray: ray is not installed; pip install '.[ray]'")

    def limits(self, cells: Sequence[Cell]) -> list[str]:
        """Return no line: the memory of the nodes is not known here."""
        return []

    def run(
        self, cells: Sequence[Cell], folder: Path, on_progress: OnProgress, on_warning: OnWarning = unheard
    ) -> Iterator[Outcome]:
        """Yield outcomes as cells end; uses the cluster of RAY_ADDRESS, or starts one on this machine."""
        import ray

        determinism.set_environment()
        started_here = not ray.is_initialized()
        if started_here:
            ray.init(
                num_cpus=None if _cluster() else self.jobs,
                runtime_env={"env_vars": determinism.variables()},  # read when a worker imports torch
                log_to_driver=False,
                include_dashboard=False,
            )
        try:
            yield from self._outcomes(ray, cells, folder.absolute())
        finally:
            if started_here:
                ray.shutdown()

    def _outcomes(self, ray: Any, cells: Sequence[Cell], folder: Path) -> Iterator[Outcome]:
        work = ray.remote(num_cpus=1, max_retries=1)(_work)
        waiting = list(cells)
        running: dict[Any, Cell] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                cell = waiting.pop(0)
                gpus = 0 if cell.place.device == "cpu" else 1
                running[work.options(num_gpus=gpus).remote(cell, folder)] = cell
            ready, _ = ray.wait(list(running), num_returns=1)
            for reference in ready:
                yield _outcome(ray, reference, running.pop(reference), folder)


def _cluster() -> bool:
    import os

    return bool(os.environ.get("RAY_ADDRESS"))


def _work(cell: Cell, folder: Path) -> Outcome:
    return run_cell(cell, folder, lambda stage, done, total: None)


def _outcome(ray: Any, reference: Any, cell: Cell, folder: Path) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayError as error:
        return failed(cell, folder, f"its worker was lost: {one_line(error)[:300]}")
    return outcome
