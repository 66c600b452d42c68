"""When a run should end: from what such cells took in earlier runs with this cache, and from those that ended in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from harness.execution.cell_costs import costs
from harness.execution.executor import Outcome
from harness.machine.duration_text import duration_text
from harness.request.cell import Cell

Kind = tuple[str, str]  # entry and language: seeds cost alike


class Eta:
    """The time that is left; a cell of a kind that was never run counts as the mean of the known kinds."""

    def __init__(
        self,
        cells: Sequence[Cell],
        jobs: int,
        cached: Collection[Cell] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`cached`: those of the cells that are read, not computed."""
        self._jobs, self._clock = jobs, clock
        read = {str(cell) for cell in cached}
        self._waiting = {str(cell): _kind(cell) for cell in cells if str(cell) not in read}
        self._seconds: dict[Kind, float] = {}
        for cell in {_kind(cell): cell for cell in cells if str(cell) not in read}.values():
            if (seconds := costs(cell).seconds) is not None:
                self._seconds[_kind(cell)] = seconds
        self._end = self._expected()

    def ended(self, outcome: Outcome) -> None:
        """Count a cell as ended; what it took, unless it was cached or failed, is what the others of its kind take."""
        self._waiting.pop(str(outcome.cell), None)
        if not (outcome.cached or outcome.reason):
            self._seconds[_kind(outcome.cell)] = outcome.seconds
        self._end = self._expected()

    @property
    def left(self) -> float | None:
        """The seconds that are left; None where no cell is waiting, or no kind is known."""
        return None if self._end is None else max(0.0, self._end - self._clock())

    def __str__(self) -> str:
        """`about 5 min 20 s`, "" where it is not known."""
        return "" if self.left is None else f"about {duration_text(self.left)}"

    def _expected(self) -> float | None:
        if not (self._waiting and self._seconds):
            return None
        mean = sum(self._seconds.values()) / len(self._seconds)
        seconds = [self._seconds.get(kind, mean) for kind in self._waiting.values()]
        return self._clock() + sum(seconds) / min(self._jobs, len(seconds))


def _kind(cell: Cell) -> Kind:
    return cell.entry.name, cell.language
