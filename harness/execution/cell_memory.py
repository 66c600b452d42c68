"""The memory that cells need, and which of them run in parallel in the memory at hand.

The peak of a cell is that of its kind on this machine (harness.execution.cell_costs). For a kind that was never run
here it is estimated from the base model:

    encodes     weights + PROCESS
    trains      4 × weights (they, their gradients and Adam's two moments) + activations of one batch + PROCESS
    ranks       PROCESS

Activations are those of a batch's queries and passages, and of one negative where the entry has negatives, at the
lengths of training. A published base that is not on this machine yet counts as no weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.execution.cell_costs import costs
from harness.machine.byte_text import byte_text
from harness.machine.memory import available_memory
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.model_size import ModelSize, model_size
from harness.stages.stage_settings import training_lengths
from harness.types import Ranker

PROCESS = 1 << 30  # bytes: a process with its libraries, texts and vectors of a block peaks at 0.65 GiB (docs/scale.md)
RESERVE = 0.1  # of the memory at hand: for the parent process, the page cache and what else begins to run


def peak_bytes(cell: Cell) -> int:
    """Return the peak memory of a cell: measured on cells of its kind, otherwise estimated."""
    measured = costs(cell).peak_bytes
    if measured is not None:
        return measured
    size = None if isinstance(cell.plugin, Ranker) else model_size(cell.suite, Store(cell.place.cache))
    return PROCESS + (_of_model(cell, size) if size is not None else 0)


def _of_model(cell: Cell, size: ModelSize) -> int:
    if cell.method is None or cell.place.device != "cpu":
        return size.weight_bytes
    lengths = training_lengths(cell.suite.text, cell.training.max_length)
    passages = 1 if cell.entry.negatives is None else 2
    rows = min(cell.training.batch_size, cell.training.mini_batch_size or cell.training.batch_size)
    tokens = rows * (lengths["query"] + passages * lengths["document"])
    return 4 * size.weight_bytes + tokens * size.activation_bytes


def usable_memory() -> int | None:
    """Return the bytes that the cells of a run may use together; None where the system does not say."""
    available = available_memory()
    return None if available is None else int(available * (1 - RESERVE))


@dataclass
class Room:
    """Which cell may start: at most `jobs` run, and the sum of their peaks is at most `memory`.

    One cell always runs, whatever its peak.
    """

    jobs: int
    memory: int | None
    _running: dict[str, int] = field(default_factory=dict)  # cell → its peak when it started

    def admit(self, waiting: Sequence[Cell]) -> Cell | None:
        """Return the first waiting cell that may start now, and count it as running; None where none may."""
        for cell in waiting if len(self._running) < self.jobs else ():
            peak = peak_bytes(cell)
            if not self._running or self.memory is None or sum(self._running.values()) + peak <= self.memory:
                self._running[str(cell)] = peak
                return cell
        return None

    def ended(self, cell: Cell) -> None:
        """Count a cell as no longer running."""
        del self._running[str(cell)]


def limit_line(cells: Sequence[Cell], jobs: int) -> str | None:
    """Return a line that says that memory lets fewer than `jobs` of the cells run in parallel; None where it does not.

    The number is that of the largest cells; of smaller ones more may run.
    """
    memory = usable_memory()
    peaks = sorted(map(peak_bytes, cells), reverse=True)[:jobs]
    if memory is None or len(peaks) < 2 or sum(peaks) <= memory:
        return None
    fitting = max(1, sum(sum(peaks[: i + 1]) <= memory for i in range(len(peaks))))
    return (
        f"memory: a cell needs up to {byte_text(peaks[0])}, and {byte_text(memory)} are available: as few as {fitting} "
        f"of {len(peaks)} cells run in parallel (--jobs is a maximum); free memory, or lower train.batch_size"
    )
