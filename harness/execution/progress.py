"""Progress of a run: on a terminal a bar over all cells and one per running cell, in a log one line per cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from harness.execution.eta import Eta
from harness.execution.executor import Outcome
from harness.machine.clean_console import CleanConsole
from harness.machine.printable import printable


class Display:
    """Progress of one run on a console."""

    def __init__(self, console: CleanConsole, *, verbose: bool = False) -> None:
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
            self.console.print_line(f"{total - done} of {total} cells to run{self._left()}")
            yield
            return
        columns = (
            _Name(Column(no_wrap=True)),
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
            self.console.print_line(line)

    def warn(self, warnings: Iterable[str]) -> None:
        """Print one line for each warning."""
        for line in warnings:
            self.console.print_line(line, head=("warning:", "yellow"))

    def stage(self, cell: str, stage: str, done: int, total: int) -> None:
        """Show how far a cell is in a stage."""
        if self._progress is None:
            if self.verbose and self._stages.get(cell) != stage:
                self._stages[cell] = stage
                self.console.print_line(f"{cell} · {stage}")
            return
        if cell not in self._running:
            self._running[cell] = self._progress.add_task(cell)
        self._progress.update(self._running[cell], description=f"  {cell} · {stage}", completed=done, total=total)

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
            self.console.print_line(f"{name}: {outcome.reason}{log}", head=("failed", "red"))
        elif self._progress is None:
            cost = "cached" if outcome.cached else f"{outcome.seconds:.1f} s"
            self.say([f"{self._done}/{self._total} {name} {cost}{self._left(' left')}"])

    def _left(self, suffix: str = "") -> str:
        return f", {self._eta}{suffix}" if self._eta is not None and str(self._eta) else ""


class _Name(ProgressColumn):
    """The name of a bar as one line."""

    def render(self, task: Task) -> Text:
        return Text(printable(task.description))


class _TimeLeft(TimeRemainingColumn):
    """What the run's `eta` expects beside its cells, and the time left of a stage beside a running cell."""

    def render(self, task: Task) -> Text:
        eta = task.fields.get("eta")
        return Text(str(eta), style="progress.remaining") if eta is not None else super().render(task)
