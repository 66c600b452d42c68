"""Who runs the cells: worker processes on this machine, or a Ray cluster. The numbers do not depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from harness.request.cell import Cell

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Outcome:
    """How one cell ended; `reason` is empty where it is done, `log` where no file beside its record has more.

    `cached`: training and search came from the cache.
    """

    cell: Cell
    seconds: float
    reason: str = ""
    log: str = ""
    cached: bool = False


OnProgress = Callable[[str, str, int, int], None]  # cell, stage, steps done, total steps
OnWarning = Callable[[str], None]  # one line about what happens to the machines, such as a lost one


def unheard(line: str) -> None:
    """Take a warning that nobody reads."""


class Executor(Protocol):
    """Runs cells and yields their outcomes as they end; closing the iterator stops the others."""

    @property
    def jobs(self) -> int:
        """The most cells that run in parallel."""
        ...

    def check(self, cells: Sequence[Cell], folder: Path) -> None:
        """Raise RequestError where a machine lacks what these cells need to write to `folder`; keeps nothing."""
        ...

    def apply(
        self, function: Callable[Parameters, Returned], *arguments: Parameters.args, **named: Parameters.kwargs
    ) -> Returned:
        """Return what `function` returns, or raise what it raises, on a machine that runs cells."""
        ...

    def limits(self, cells: Sequence[Cell]) -> list[str]:
        """Return a line for each reason why fewer of these cells run in parallel."""
        ...

    def run(
        self, cells: Sequence[Cell], folder: Path, on_progress: OnProgress, on_warning: OnWarning = unheard
    ) -> Iterator[Outcome]: ...
