"""Which cell starts next on a cluster: none that needs an output which a running cell is making.

A cell that waits for another one's output would hold its GPU meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.execution.shared_stages import Output, shared_outputs
from harness.machine.store import Store
from harness.request.cell import Cell

MADE_BEFORE = "train"  # a cell that trains has made what it shares, but for vectors that are first read after training


class Turns:
    """The shared outputs that running cells may be making."""

    def __init__(self) -> None:
        self._making: dict[str, set[Output]] = {}  # running cell → its shared outputs
        self._shared: dict[str, list[Output]] = {}

    def admit(self, waiting: Sequence[Cell]) -> Cell | None:
        """Return the first waiting cell that may start now, and count it as running; None where none may."""
        held = {output for outputs in self._making.values() for output in outputs}
        for cell in waiting:
            store = Store(cell.place.cache)
            if all(store.is_there(*output) for output in self._outputs(cell) if output in held):
                self._making[str(cell)] = set(self._outputs(cell))
                return cell
        return None

    def reached(self, name: str, stage: str) -> None:
        """Take note of the stage that a running cell is in."""
        if stage == MADE_BEFORE and name in self._making:
            self._making[name] = set()

    def ended(self, cell: Cell) -> None:
        """Count a cell as no longer running."""
        self._making.pop(str(cell), None)

    def _outputs(self, cell: Cell) -> list[Output]:
        name = str(cell)
        if name not in self._shared:
            self._shared[name] = shared_outputs(cell)
        return self._shared[name]
