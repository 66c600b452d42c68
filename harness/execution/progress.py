"""Progress of a run: on a terminal a bar over all cells and one per running cell, in a log one line per cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from harness.execution.eta import Eta
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
        self._eta: Eta | None = None

    @contextmanager
    def running(self, done: int, total: int, eta: Eta | None = None) -> Iterator[None]:
        """Show the progress while the block runs, and what `eta` expects."""
        self._done, self._total, self._eta = done, total, eta
        if not self.console.is_terminal:
            self.console.print(f"{total - done} of {total} cells to run{self._left()}", highlight=False)
            yield
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            _TimeLeft(),
        )
        with Progress(*columns, console=self.console) as self._progress:
            self._cells = self._progress.add_task("cells", total=total, completed=done, eta=eta)
            yield
        self._progress = None

    def at(self, stage: str) -> None:
        """Name what a run does before and after its cells."""
        self.say([f"{stage} …"])

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
        if self._eta is not None:
            self._eta.ended(outcome)
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
            self.say([f"{self._done}/{self._total} {name} {cost}{self._left(' left')}"])

    def _print(self, what: str, colour: str, line: str) -> None:
        """Print a line after a coloured word."""
        text = Text.assemble((what, colour), " ", printable(line))
        self.console.print(text, highlight=False, soft_wrap=True)

    def _left(self, suffix: str = "") -> str:
        return f", {self._eta}{suffix}" if self._eta is not None and str(self._eta) else ""


class _TimeLeft(TimeRemainingColumn):
    """What the run's `eta` expects beside its cells, and the time left of a stage beside a running cell."""

    def render(self, task: Task) -> Text:
        eta = task.fields.get("eta")
        return Text(str(eta), style="progress.remaining") if eta is not None else super().render(task)
