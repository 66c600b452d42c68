"""Progress of a run: on a terminal a bar over all cells and one per running cell, in a log one line per cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from harness.execution.executor import Outcome
from harness.machine.printable import printable


class Display:
    """Progress of one run on a console."""

    def __init__(self, console: Console, *, verbose: bool = False) -> None:
        self.console, self.verbose = console, verbose
        self._stages: dict[str, str] = {}  # of each running cell, where stages are printed
        self._progress: Progress | None = None
        self._cells: TaskID | None = None
        self._running: dict[str, TaskID] = {}
        self._done = 0
        self._total = 0

    @contextmanager
    def running(self, done: int, total: int) -> Iterator[None]:
        """Show the progress while the block runs."""
        self._done, self._total = done, total
        if not self.console.is_terminal:
            self.console.print(f"{total - done} of {total} cells to run")
            yield
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console) as self._progress:
            self._cells = self._progress.add_task("cells", total=total, completed=done)
            yield
        self._progress = None

    def say(self, lines: Iterable[str]) -> None:
        """Print lines as they are."""
        for line in lines:
            self.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def warn(self, warnings: Iterable[str]) -> None:
        """Print one line for each warning."""
        for line in warnings:
            self._print("warning:", "yellow", line)

    def stage(self, cell: str, stage: str, done: int, total: int) -> None:
        """Show how far a cell is in a stage."""
        if self._progress is None:
            if self.verbose and self._stages.get(cell) != stage:
                self._stages[cell] = stage
                self.console.print(printable(f"{cell} · {stage}"), highlight=False, markup=False)
            return
        if cell not in self._running:
            self._running[cell] = self._progress.add_task(printable(cell))
        text = printable(f"  {cell} · {stage}")
        self._progress.update(self._running[cell], description=text, completed=done, total=total)

    def ended(self, outcome: Outcome) -> None:
        """Count a cell as ended, and show the reason where it failed."""
        self._done += 1
        name = str(outcome.cell)
        if self._progress is not None and self._cells is not None:
            self._progress.advance(self._cells)
            if name in self._running:
                self._progress.remove_task(self._running.pop(name))
        if outcome.reason:
            log = f" (log: {outcome.log})" if outcome.log else ""
            self._print("failed", "red", f"{name}: {outcome.reason}{log}")
        elif self._progress is None:
            cost = "cached" if outcome.cached else f"{outcome.seconds:.1f} s"
            self.console.print(printable(f"{self._done}/{self._total} {name} {cost}"), highlight=False, markup=False)

    def _print(self, what: str, colour: str, line: str) -> None:
        """Print a line after a coloured word."""
        text = Text.assemble((what, colour), " ", printable(line))
        self.console.print(text, highlight=False, soft_wrap=True)
