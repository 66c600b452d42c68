"""The options of `harness run` that say who runs the cells, and the executor that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.output import warn
from harness.errors import RequestError

if TYPE_CHECKING:
    from harness.execution.cell_resources import CellResources
    from harness.execution.executor import Executor

SIZE = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[KMGT])")


class ExecutorName(StrEnum):
    """Who runs the cells."""

    local = "local"
    ray = "ray"
    slurm = "slurm"


def size(text: str) -> int:
    """Return the bytes of a size such as 8G, in powers of 1024.

    >>> size("8G"), size("500M")
    (8589934592, 524288000)
    """
    match = SIZE.fullmatch(text)
    if match is None or not int(match["number"]):
        raise typer.BadParameter(f"{text!r} is not a size such as 8G or 500M.")
    return int(match["number"]) << 10 * ("KMGT".index(match["unit"]) + 1)


Name = Annotated[ExecutorName, typer.Option(help="Processes on this machine, a Ray cluster, or jobs of Slurm.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1, help="Most cells to run in parallel; by default one per core, all places of a Ray cluster, 64 on Slurm."
    ),
]
GpusPerCell = Annotated[
    float | None, typer.Option(min=0, help="GPUs of a cell on a cluster; 1 by default, none on CPU.")
]
CpusPerCell = Annotated[int | None, typer.Option(min=1, help="CPUs of a cell on a cluster; one per thread by default.")]
MemoryPerCell = Annotated[
    int | None, typer.Option(parser=size, metavar="SIZE", help="Memory of a cell on a cluster, such as 8G.")
]


SlurmPairs = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm",
        metavar="KEY=VALUE",
        help="Option of sbatch, such as partition=gpu or time=4:00:00; may be repeated. cluster=local runs the jobs "
        "here, for trying without Slurm.",
    ),
]


def device_of(name: ExecutorName, requested: str, resources: CellResources, slurm: Sequence[str] = ()) -> str:
    """Return the device on which the executor's cells compute, `cpu` or `cuda`.

    Raises RequestError without it, and for options that the executor does not read.
    """
    if name is ExecutorName.slurm:
        from harness.execution import slurm_cluster

        return slurm_cluster.device_of(requested, resources, slurm)
    _refuse(["--slurm"] if slurm else [], name, "use --executor slurm")
    if name is ExecutorName.ray:
        from harness.execution.ray_cluster import cluster_device

        device, warning = cluster_device(requested, resources)
        if warning:
            warn(f"warning: {warning}")
        return device
    from harness.machine.device import resolve_device

    _refuse(resources.given(), name, "name a cluster")
    return resolve_device(requested)


def executor_of(
    name: ExecutorName, jobs: int | None, device: str, resources: CellResources, slurm: Sequence[str] = ()
) -> Executor:
    """Return the executor; without `jobs` it has as many as it has places for cells, and on Slurm 64."""
    from harness.execution.runner import default_jobs

    if name is ExecutorName.slurm:
        from harness.execution.slurm import JOBS, SlurmExecutor
        from harness.execution.slurm_options import SlurmOptions

        return SlurmExecutor(jobs or JOBS, resources, SlurmOptions.read(slurm), device)
    if name is ExecutorName.ray:
        from harness.execution.ray_cluster import RayExecutor, capacity, is_cluster

        places = capacity(device, resources) if is_cluster() and jobs is None else default_jobs(device)
        return RayExecutor(jobs or places, device, resources)
    from harness.execution.local import LocalExecutor

    return LocalExecutor(jobs or default_jobs(device))


def _refuse(options: Sequence[str], name: ExecutorName, remedy: str) -> None:
    """Raise RequestError for options that an executor does not read."""
    if options:
        raise RequestError(f"{', '.join(options)}: without effect with --executor {name}; {remedy}, or leave it out")
