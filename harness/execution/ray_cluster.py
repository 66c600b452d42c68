"""Cells on a Ray cluster (extra `ray`).

Every node needs the package with the same libraries, and the output folder and the cache at the same paths (a shared
file system); nodes are asked for them before the first cell, and each cell asks its own node again. What needs the
device (the trial of base models, the cells) runs on nodes: this process needs no GPU. Device `auto` is that which torch
finds in a task with a cell's GPUs, where a node declares any; the plan, and so every key, is made with the answer.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import RequestError, short_reason
from harness.execution import ray_nodes, ray_start
from harness.execution.cell_resources import CellResources
from harness.execution.executor import OnProgress, OnWarning, Outcome, Parameters, Returned, unheard
from harness.execution.node_requirements import expected, tokens
from harness.execution.ray_run import RayRun
from harness.execution.ray_work import found_device
from harness.machine import determinism
from harness.machine.device import resolve_device
from harness.request.cell import Cell
from harness.results.run_file import RUN_FILE

ADDRESS = "RAY_ADDRESS"
PASSED_ON = ("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "IR_DATASETS_HOME", "OPENAI_BASE_URL")  # and HARNESS_*
REACHED = 10.0  # seconds for the head node to accept a connection
BUSY = 60.0  # seconds in which a GPU task should start; where all GPUs are in use, what nodes declare is believed


def cluster_device(requested: str, resources: CellResources) -> tuple[str, str]:
    """Return the device on which the cluster's cells compute, and a warning, "" without one.

    Raises RequestError where GPUs are asked for and none can be used.
    """
    _check_installed()
    if not is_cluster():
        return resolve_device(requested), ""
    if requested == "cpu" or resources.gpus == 0:
        return "cuda" if requested == "cuda" else "cpu", ""
    asked = requested == "cuda" or resources.gpus is not None
    ray = _connected({})
    options = resources.on_ray("cuda")
    try:
        ray_nodes.fitting(ray, options)
    except RequestError:
        if asked:
            raise
        return "cpu", ""
    return _device_of_a_task(ray, options, required=asked)


def _device_of_a_task(ray: Any, options: dict[str, Any], *, required: bool) -> tuple[str, str]:
    reference = ray.remote(max_retries=1)(found_device).options(**options).remote()
    try:
        device, node = ray.get(reference, timeout=BUSY)
    except ray.exceptions.GetTimeoutError:
        ray.cancel(reference, force=True)
        return "cuda", ""
    except ray.exceptions.RayError:
        return "cuda", ""  # a node that cannot run the package: the check of nodes says what it lacks
    if device == "cuda":
        return device, ""
    name = next(ray_nodes.name_of(each) for each in ray.nodes() if each["NodeID"] == node)
    problem = f"Ray node {name} has GPUs for Ray, but torch finds no CUDA there"
    if required:
        raise RequestError(f"{problem}; install a driver and a CUDA build of torch on it, or use --device cpu")
    return "cpu", f"{problem}: cells compute on CPU"


def capacity(device: str, resources: CellResources) -> int:
    """Return how many cells run in parallel on the cluster as it is, at least one."""
    ray = _connected({})
    options = resources.on_ray(device)
    return sum(ray_nodes.places(node, options) for node in ray_nodes.fitting(ray, options))


def is_cluster() -> bool:
    """Return whether there is a cluster to connect to; otherwise, as with the address `local`, one is started here."""
    return os.environ.get(ADDRESS, "").strip() not in ("", "local")


def _check_answers() -> None:
    """Raise RequestError where RAY_ADDRESS is no address, or nothing listens there: Ray would wait for minutes."""
    address = os.environ.get(ADDRESS, "").strip()
    if not is_cluster() or address == "auto" or "://" in address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise RequestError(f"{ADDRESS}={address}: no address; give auto on a node of the cluster, or HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED).close()
    except (OSError, OverflowError) as error:
        raise RequestError(
            f"{ADDRESS}={address}: no Ray cluster answers there ({error}); start one, or name another address"
        ) from error


@dataclass(frozen=True)
class RayExecutor:
    """At most `jobs` cells in parallel, each with the CPUs, GPUs and memory of `resources`.

    Uses the cluster of RAY_ADDRESS, or starts one on this machine. Results do not depend on it.
    """

    jobs: int
    device: str = "cpu"
    resources: CellResources = field(default_factory=CellResources)

    def __post_init__(self) -> None:
        _check_installed()  # before anything is written
        asked, here = self.resources.on_ray(self.device)["num_cpus"], os.cpu_count() or 1
        if not is_cluster() and asked > here:
            raise RequestError(f"--cpus-per-cell {asked}: this machine has {here}, and {ADDRESS} names no cluster")

    def check(self, cells: Sequence[Cell], folder: Path) -> None:
        """Raise RequestError where a node lacks the package, the shared folders or what cells read."""
        if not cells:
            return
        ray, options = self._ray()
        nodes = ray_nodes.fitting(ray, options)
        with tokens([folder, cells[0].place.cache]) as files:
            ray_nodes.check_nodes(ray, nodes, expected(cells, files))

    def apply(
        self, function: Callable[Parameters, Returned], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Returned:
        """Return what `function` returns, or raise what it raises, in a task with the resources of a cell."""
        ray, options = self._ray()
        reference = ray.remote(max_retries=1)(function).options(**options).remote(*arguments, **named)
        try:
            returned: Returned = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayError as error:
            raise RequestError(f"Ray lost the worker that checks data and models: {short_reason(error)}") from error
        return returned

    def limits(self, cells: Sequence[Cell]) -> list[str]:
        """Return a line where the cluster as it is has fewer places than `jobs`; it may grow."""
        ray, options = self._ray()
        places = sum(ray_nodes.places(node, options) for node in ray_nodes.fitting(ray, options))
        fewer = places < min(self.jobs, len(cells))
        return [f"the Ray cluster has room for {places} cells at a time; others wait"] if fewer else []

    def run(
        self, cells: Sequence[Cell], folder: Path, on_progress: OnProgress, on_warning: OnWarning = unheard
    ) -> Iterator[Outcome]:
        """Yield outcomes as cells end.

        A cell whose node or worker is lost runs again (harness.execution.ray_run). After a signal to end, trainings
        save a checkpoint, as with local processes; after an interrupt they are killed.
        """
        ray, options = self._ray()
        folder = folder.absolute()
        try:
            with tokens([cells[0].place.cache]) as files:
                written = {**files, folder / RUN_FILE: (folder / RUN_FILE).read_text(encoding="utf-8")}
                wanted = expected(cells, written)
                run = RayRun(ray, self.jobs, options, folder, wanted, on_progress, on_warning)
                with closing(run.outcomes(cells)) as outcomes:
                    yield from outcomes
        finally:
            ray.shutdown()

    def _ray(self) -> tuple[Any, dict[str, Any]]:
        """Return the ray module, connected, and the options of a cell's task."""
        options = self.resources.on_ray(self.device)
        started = {"address": "local", "num_cpus": self.jobs * options["num_cpus"], "include_dashboard": False}
        return _connected({} if is_cluster() else started), options


def _check_installed() -> None:
    if importlib.util.find_spec("ray") is None:
        raise RequestError("--executor ray: ray is not installed; pip install 'harness-embeddings[ray]'")


def _connected(options: dict[str, Any]) -> Any:
    """Return the ray module after `ray.init`, which is left out where this process is connected already."""
    import ray

    if ray.is_initialized():
        return ray
    _check_answers()
    determinism.set_environment()
    passed_on = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("HARNESS_")}
    environment = {"env_vars": passed_on | determinism.variables()}  # read when a worker imports torch
    try:
        ray_start.init(
            ray, {"runtime_env": environment, "log_to_driver": False, "logging_level": logging.ERROR, **options}
        )
    except (ConnectionError, ValueError) as error:
        raise RequestError(
            f"{ADDRESS}={os.environ.get(ADDRESS, '')}: no Ray cluster answers there ({short_reason(error)})"
        ) from error
    except Exception as error:  # Ray raises no more special one where its processes do not start in time
        raise RequestError(
            f"Ray does not start or answer here: {short_reason(error)}; free memory and processors, and run the same "
            "command again"
        ) from error
    return ray
