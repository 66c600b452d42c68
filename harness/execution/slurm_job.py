"""One cell as a job of Slurm: what its machine must see, the cell as LocalExecutor runs it, and its preemption.

submitit unpickles a `CellJob` in the job and calls it. When Slurm preempts the job, or its time limit is near, the
process is sent a signal: the training saves a checkpoint, and the job is requeued, from which the cell resumes.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.execution import slurm_status
from harness.execution.executor import Outcome
from harness.execution.local import LocalExecutor
from harness.execution.slurm_status import Reporter, Status
from harness.execution.worker import failed
from harness.keys import file_sha256
from harness.machine import determinism, ending
from harness.machine.code import code
from harness.request.cell import Cell
from harness.results.run_file import RUN_FILE

PREEMPTION = signal.SIGUSR2  # submitit has it sent SIGNAL_DELAY seconds before the time limit, and handles it
SIGNAL_DELAY = 120
GRACE = 90.0  # seconds of these for a checkpoint; the others are for requeuing
UNANSWERED = 600.0  # seconds after SIGTERM in which Slurm requeues the job or kills it
TOKEN = "token"


@dataclass(frozen=True)
class Expected:
    """What the submitting machine sees, and every machine with a cell must see too: its folders and its code."""

    folder: Path
    run_file: str  # sha256 of the output folder's run.json
    cache: Path
    token: Path  # below the cache
    sources: str  # sha256 of the package's files
    others: tuple[Path, ...] = ()

    @classmethod
    def here(cls, cell: Cell, folder: Path, token: Path) -> Expected:
        """Return what this machine sees."""
        others = tuple(path for path in (cell.place.data_dir, cell.place.methods_path) if path is not None)
        run_file = file_sha256(folder / RUN_FILE)
        return cls(folder, run_file, cell.place.cache, token, str(code()["sources_sha256"]), others)

    def check(self) -> None:
        """Raise RequestError for what this machine does not see, or sees otherwise."""
        if not self.token.is_file():
            raise _not_shared(f"cache folder {self.cache}")
        run_file = self.folder / RUN_FILE
        if not run_file.is_file() or file_sha256(run_file) != self.run_file:
            raise _not_shared(f"output folder {self.folder}")
        for path in self.others:
            if not path.exists():
                raise _not_shared(str(path))
        if code()["sources_sha256"] != self.sources:
            raise RequestError(
                f"node {socket.gethostname()} has another version of the package; install the same one on all nodes"
            )


def _not_shared(what: str) -> RequestError:
    return RequestError(
        f"{what} is not the same on node {socket.gethostname()}; name one on a file system that all nodes share"
    )


def environment() -> dict[str, str]:
    """Return the variables that a job needs whatever the cluster passes on: those of the harness, and for torch."""
    own = {name: value for name, value in os.environ.items() if name.startswith("HARNESS_")}
    return {**own, **determinism.variables()}


@dataclass(frozen=True)
class CellJob:
    """One cell, its output folder, the file for its status, and what its machine must see."""

    cell: Cell
    folder: Path
    status: Path
    expected: Expected
    environment: Mapping[str, str]

    def __call__(self) -> None:
        """Run the cell and write how it ended; called by submitit, in the job."""
        os.environ.update(self.environment)
        slurm_status.write(self.status, self._run())

    def checkpoint(self) -> Any:
        """Return what is submitted again after a preemption: the same; submitit calls it before it requeues the job."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    def _run(self) -> Status:
        try:
            self.expected.check()
        except RequestError as error:
            return Status(ended=True, refused=str(error))
        requeue: Any = signal.getsignal(PREEMPTION)  # submitit's
        ending.listen(once=True)
        executor = LocalExecutor(1, grace=GRACE)
        try:
            (outcome,) = executor.run([self.cell], self.folder, Reporter(self.status))
        except ending.Ended:
            outcome = self._after_signal(requeue)
        return Status(
            ended=True, seconds=outcome.seconds, reason=outcome.reason, log=outcome.log, cached=outcome.cached
        )

    def _after_signal(self, requeue: Any) -> Outcome:
        """Requeue the job, which ends this process, or return the outcome of a cell whose job is not requeued.

        Preempting, Slurm sends SIGTERM first and the other signal later, or requeues the job itself; after `scancel`
        only SIGTERM comes, and the kill.
        """
        from submitit.core.utils import UncompletedJobError

        try:
            signal.signal(PREEMPTION, requeue)
            if ending.was_sent(PREEMPTION):
                requeue(PREEMPTION, None)
            time.sleep(UNANSWERED)
        except UncompletedJobError:
            return failed(
                self.cell, self.folder, "its time limit was reached too often; give more with --slurm time=HOURS:MM:SS"
            )
        name = signal.Signals(ending.received() or 0).name
        return failed(self.cell, self.folder, f"its job was ended by {name} and not requeued; run it again to resume")
