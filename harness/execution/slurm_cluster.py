"""The cluster that jobs are submitted to: whether it is there, what each job asks it for, and cancelling jobs."""

from __future__ import annotations

import importlib.util
import io
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RequestError, one_line, short_reason
from harness.execution.cell_resources import CellResources
from harness.execution.slurm_job import PREEMPTION, SIGNAL_DELAY, CellJob
from harness.execution.slurm_options import SlurmOptions
from harness.machine.device import resolve_device

COMMANDS = ("sbatch", "srun", "sacct", "scancel")
SIGNAL_VARIABLE = "SUBMITIT_PREEMPT_SIGNAL"
NO_SLURM = "run it on a login node of the cluster, or on this machine with --executor local"
PARENTS = "parents.log"  # of jobs on this machine: a signal to end is a traceback there
STDERR = 2
LEFT = 15.0  # seconds in which cancelled processes of this machine end
MIB = 1 << 20


def device_of(requested: str, resources: CellResources, pairs: Sequence[str]) -> str:
    """Return what cells compute on: on nodes CUDA where it or GPUs are asked for, whatever this machine has."""
    if SlurmOptions.read(pairs).cluster == "local":
        return resolve_device(requested)
    return "cuda" if requested == "cuda" or (requested == "auto" and resources.gpus) else "cpu"


@dataclass(frozen=True)
class SlurmCluster:
    """Slurm, or submitit's processes on this machine, with what each cell asks for."""

    options: SlurmOptions
    resources: CellResources
    jobs: int

    def check(self) -> None:
        """Raise RequestError where cells cannot be submitted from here."""
        if importlib.util.find_spec("submitit") is None:
            raise RequestError("--executor slurm: submitit is not installed; pip install 'harness-embeddings[slurm]'")
        wanted = PREEMPTION.name.removeprefix("SIG")
        if os.environ.get(SIGNAL_VARIABLE, wanted) != wanted:
            raise RequestError(
                f"{SIGNAL_VARIABLE}={os.environ[SIGNAL_VARIABLE]}: cells are saved at {wanted}; unset it"
            )
        if self.options.cluster == "slurm":
            _check_commands()

    def check_resources(self, device: str) -> None:
        """Raise RequestError for resources that the cluster cannot give to a cell on this device, or does not read."""
        gpus = self.resources.gpus_on(device)
        if gpus != int(gpus):
            raise RequestError(
                f"--gpus-per-cell {gpus:g}: Slurm gives whole GPUs; give an integer, or share them with --executor ray"
            )
        self.resources.cpus_in_use()
        unread = [option for option in self.resources.given() if option != "--gpus-per-cell"]
        if self.options.cluster == "local" and unread:
            raise RequestError(f"{', '.join(unread)}: without effect with --slurm cluster=local; leave it out")

    def parameters(self, device: str) -> dict[str, Any]:
        """Return submitit's parameters for a cell."""
        gpus, cpus, memory = int(self.resources.gpus_on(device)), self.resources.cpus_in_use(), self.resources.memory
        shared = {
            "name": "harness",
            "timeout_min": self.options.minutes,
            "gpus_per_node": gpus or None,
            "stderr_to_stdout": True,
        }
        if self.options.cluster == "local":
            return shared
        return {
            **shared,
            "cpus_per_task": cpus,
            "slurm_mem": None if memory is None else f"{max(1, -(-memory // MIB))}M",
            "slurm_array_parallelism": self.jobs,
            "slurm_signal_delay_s": SIGNAL_DELAY,
            "slurm_srun_args": [f"--cpus-per-task={cpus}"],  # srun has not inherited it since Slurm 22.05
            "slurm_additional_parameters": {"requeue": True, **self.options.sbatch},
        }

    def submit(self, cells: Sequence[CellJob], device: str, folder: Path) -> list[Any]:
        """Submit the cells as one array and return submitit's jobs; raises RequestError where sbatch refuses them."""
        import submitit
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        logging.getLogger("submitit").setLevel(logging.CRITICAL)  # of this process: jobs have their logs
        executor = submitit.AutoExecutor(folder=folder, cluster=self.options.cluster)
        executor.update_parameters(**self.parameters(device))
        inside = submitit.helpers.clean_env() if "SLURM_JOB_ID" in os.environ else nullcontext()
        apart = _stderr_to(folder / PARENTS) if self.options.cluster == "local" else nullcontext()
        try:
            with inside, apart, redirect_stderr(io.StringIO()):  # submitit prints there what the error holds too
                return list(executor.submit_array(cells))
        except (FailedJobError, FailedSubmissionError) as error:
            raise RequestError(f"Slurm refused the cells: {short_reason(error)}; change --slurm") from error

    def cancel(self, jobs: Iterable[Any]) -> None:
        """Cancel jobs: with one command per array, or by signals to processes, which have ended on return."""
        remaining = list(jobs)
        if self.options.cluster == "slurm":
            for array in sorted({job.job_id.partition("_")[0] for job in remaining}):
                job = next(job for job in remaining if job.job_id.partition("_")[0] == array)
                type(job)(folder=job.paths.folder, job_id=array).cancel(check=False)
            return
        for job in remaining:
            job.cancel(check=False)
        until = time.monotonic() + LEFT
        while not all(job.done() for job in remaining) and time.monotonic() < until:
            time.sleep(0.1)


@contextmanager
def _stderr_to(path: Path) -> Iterator[None]:
    """Give processes that start in the block a file as their stderr, where this process has one."""
    try:
        own = os.dup(STDERR)
    except OSError:  # it was closed
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            os.dup2(file.fileno(), STDERR)
        yield
    finally:
        os.dup2(own, STDERR)
        os.close(own)


def _check_commands() -> None:
    """Raise RequestError where Slurm's commands are missing, or its accounting, which says how jobs ended."""
    for command in COMMANDS:
        if shutil.which(command) is None:
            raise RequestError(f"--executor slurm: {command} was not found; {NO_SLURM}")
    asked = subprocess.run(
        ["sacct", "--allocations", "--noheader", "--jobs", "1"], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        raise RequestError(f"--executor slurm: sacct fails: {one_line(asked.stderr)[:200]}; {NO_SLURM}")
