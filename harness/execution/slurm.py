"""Cells as jobs of Slurm, through submitit (extra `slurm`): one array, requeued when preempted.

Every node needs the package, and the output folder and the cache at the same paths (a shared file system). Submissions,
logs and the status of each cell are in CACHE/.slurm/RUN/, which is removed when all jobs have ended. submitit keeps
pickles there; only jobs read them, and nothing in an output folder is one.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import RequestError, quantity
from harness.execution import slurm_status
from harness.execution.cell_resources import CellResources
from harness.execution.executor import OnProgress, OnWarning, Outcome, Parameters, Returned, unheard
from harness.execution.node_requirements import expected
from harness.execution.slurm_cluster import SlurmCluster
from harness.execution.slurm_job import TOKEN, CellJob, environment
from harness.execution.slurm_options import SlurmOptions
from harness.execution.worker import failed
from harness.keys import digest
from harness.machine import ending
from harness.machine.device import is_here
from harness.request.cell import Cell
from harness.results.run_file import RUN_FILE

FOLDER = ".slurm"
LOGS = "jobs"
JOBS = 64  # cells in parallel where --jobs does not say it
ARRAY = 1000  # cells in one array: Slurm's MaxArraySize is 1,001 unless it is set
POLL = 1.0  # seconds
ASK = 60.0  # seconds between two questions to sacct
LATE = 5.0  # seconds in which a shared file system shows what a job wrote before it ended
PREEMPTED = 900.0  # seconds after which a job that was preempted and not requeued counts as lost
LOG_BYTES = 1 << 20
REASONS = {
    "OUT_OF_MEMORY": "its job needed more memory than it has; give more with --memory-per-cell",
    "TIMEOUT": "its job reached its time limit; give more with --slurm time=HOURS:MM:SS",
    "CANCELLED": "its job was cancelled",
    "PREEMPTED": "its job was preempted, and the cluster did not requeue it; run it again to resume",
}


@dataclass
class _Job:
    """A cell in the queue or running; `ended` and `preempted` are when that was first seen."""

    cell: Cell
    job: Any
    status: Path
    ended: float | None = None
    preempted: float | None = None


@dataclass(frozen=True)
class SlurmExecutor:
    """At most `jobs` cells in parallel, each in a job of its own."""

    jobs: int
    resources: CellResources = field(default_factory=CellResources)
    options: SlurmOptions = field(default_factory=SlurmOptions)
    device: str = "cpu"

    def __post_init__(self) -> None:
        self._cluster.check()  # before anything is written
        self._cluster.check_resources(self.device)

    @property
    def _cluster(self) -> SlurmCluster:
        return SlurmCluster(self.options, self.resources, self.jobs)

    def check(self, cells: Sequence[Cell], folder: Path) -> None:
        """Accept the nodes, which nobody can ask before a job runs there: it checks its own."""

    def apply(
        self, function: Callable[Parameters, Returned], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Returned:
        """Return what `function` returns, in this process: a node has it only when the queue gives it one."""
        return function(*arguments, **named)

    def limits(self, cells: Sequence[Cell]) -> list[str]:
        """Return a line where this machine cannot try what the nodes compute; their memory is not known here."""
        if is_here(self.device):
            return []
        return ["CUDA is not available here: models were opened and not tried; the first cells show whether they train"]

    def run(
        self, cells: Sequence[Cell], folder: Path, on_progress: OnProgress, on_warning: OnWarning = unheard
    ) -> Iterator[Outcome]:
        """Yield outcomes as cells end; a job that was lost is a failed cell. Closing cancels the jobs that are left."""
        waiting, running, place = list(cells), list[_Job](), _place(cells[0].place.cache)
        asked = [time.monotonic()]
        at_once = ending.delayed if self.options.cluster == "slurm" else ending.postponed  # else jobs nobody cancels
        try:
            while waiting or running:
                batch = waiting[: self._room(running)]
                waiting = waiting[len(batch) :]
                if batch:
                    with at_once():
                        running += self._submit(batch, folder.absolute(), place, on_warning)
                for job in self._ended(running, on_progress, asked):
                    running.remove(job)
                    yield _outcome(job, folder)
        finally:
            self._cluster.cancel(job.job for job in running)
            if not running:
                shutil.rmtree(place, ignore_errors=True)

    def _room(self, running: Sequence[_Job]) -> int:
        """Return how many cells to submit now: an array once the one before has ended, here what jobs leave."""
        if self.options.cluster == "local":
            return self.jobs - len(running)
        return 0 if running else ARRAY

    def _submit(self, cells: Sequence[Cell], folder: Path, place: Path, on_warning: OnWarning) -> list[_Job]:
        statuses = [place / f"{digest(str(cell))[:16]}.json" for cell in cells]
        variables = environment()
        run_file = folder / RUN_FILE
        wanted = expected(cells, {place / TOKEN: "", run_file: run_file.read_text(encoding="utf-8")})
        submissions = [
            CellJob(cell, folder, status, wanted, variables) for cell, status in zip(cells, statuses, strict=True)
        ]
        jobs = self._cluster.submit(submissions, self.device, place / LOGS)
        if self.options.cluster == "slurm":
            array = jobs[0].job_id.partition("_")[0]
            on_warning(f"Slurm has {quantity(len(jobs), 'cell')} as job {array}; logs are in {place / LOGS}")
        return [_Job(*parts) for parts in zip(cells, jobs, statuses, strict=True)]

    def _ended(self, running: Sequence[_Job], on_progress: OnProgress, asked: list[float]) -> list[_Job]:
        """Wait until some of the running cells have ended, and return them; progress is shown meanwhile.

        `asked` holds when the queue was last asked of all jobs, which submitit does more and more seldom.
        """
        while True:
            if time.monotonic() - asked[0] > ASK:
                asked[0] = time.monotonic()
                running[0].job.get_info(mode="force")
            if ended := [job for job in running if _has_ended(job, on_progress)]:
                return ended
            time.sleep(POLL)


def _place(cache: Path) -> Path:
    """Return a new folder for the submissions of a run, with the token by which nodes know the cache."""
    try:
        (cache / FOLDER).mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="run-", dir=cache / FOLDER))
        (place / TOKEN).touch()
    except OSError as error:
        raise RequestError(f"{cache / FOLDER} cannot be written: {error.strerror}; name another --cache-dir") from error
    return place


def _has_ended(job: _Job, on_progress: OnProgress) -> bool:
    """Return whether the job of a cell is over, and what it wrote is visible here."""
    status, now = slurm_status.read(job.status), time.monotonic()
    if job.job.done():
        job.ended = job.ended or now
        return (status is not None and status.ended) or now - job.ended > LATE
    if status is not None and not status.ended:
        on_progress(str(job.cell), status.stage, status.done, status.total)
    if not job.job.state.startswith("PREEMPTED"):
        job.preempted = None
        return False
    job.preempted = job.preempted or now
    return now - job.preempted > PREEMPTED


def _outcome(job: _Job, folder: Path) -> Outcome:
    status = slurm_status.read(job.status)
    if status is None or not status.ended:
        return failed(job.cell, folder, _loss(job), log=_log(job))
    if status.refused:
        return failed(job.cell, folder, status.refused, log=_log(job))
    return Outcome(job.cell, status.seconds, status.reason, status.log, status.cached)


def _loss(job: _Job) -> str:
    """Return why the job of a cell ended before the cell did."""
    node = job.job.get_info(mode="force").get("NodeList", "")
    state = job.job.state.partition(" ")[0]
    reason = REASONS.get(state, f"its job ended ({state}) before the cell did")
    if job.job.paths.stdout.is_file():
        return reason
    return f"{reason}, and left no log; check that node {node or '(unknown)'} sees {job.job.paths.folder}"


def _log(job: _Job) -> str:
    """Return the end of what the job printed."""
    path: Path = job.job.paths.stdout
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    return content[-LOG_BYTES:].decode(errors="replace")
