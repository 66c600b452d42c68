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

from harness.execution import slurm_status
from harness.execution.executor import Outcome
from harness.execution.local import LocalExecutor
from harness.execution.node_requirements import Expected, lacks
from harness.execution.slurm_status import Reporter, Status
from harness.execution.worker import failed
from harness.machine import determinism, ending
from harness.request.cell import Cell

PREEMPTION = signal.SIGUSR2  # submitit has it sent SIGNAL_DELAY seconds before the time limit, and handles it
SIGNAL_DELAY = 120
GRACE = 90.0  # seconds of these for a checkpoint; the others are for requeuing
UNANSWERED = 600.0  # seconds after SIGTERM in which Slurm requeues the job or kills it
TOKEN = "token"


def environment() -> dict[str, str]:
    """Return the variables that a job needs whatever the cluster passes on: those of the harness, and for torch."""
    harness = {name: value for name, value in os.environ.items() if name.startswith("HARNESS_")}
    return {**harness, **determinism.variables()}


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
        from submitit import JobEnvironment

        if problem := lacks(self.expected):
            return Status(ended=True, refused=f"node {socket.gethostname()} {problem}")
        requeue: Any = signal.getsignal(PREEMPTION)  # submitit's
        ending.listen(once=True)
        executor = LocalExecutor(1, grace=GRACE)
        try:
            (outcome,) = executor.run([self.cell], self.folder, Reporter(self.status))
        except ending.Ended:
            if JobEnvironment().cluster == "local" and not ending.was_sent(PREEMPTION):
                raise  # nobody kills it later
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
