"""The cells of one run on a Ray cluster, from the first to the last outcome: turns, progress, losses, the end.

A cell whose node is lost runs again elsewhere, up to NODE_LOSSES times: that says nothing about the cell. One whose
worker was killed on a node that lives on (out of memory, a crash of a library) runs again once. A node that joined
later and lacks what cells need gets no further ones. A cell that fails otherwise is not repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import reason_of, short_reason
from harness.execution import ray_nodes
from harness.execution.executor import OnProgress, OnWarning, Outcome
from harness.execution.node_requirements import Expected
from harness.execution.ray_work import Event, Events, Lacking, work
from harness.execution.turns import Turns
from harness.execution.worker import failed, is_done
from harness.machine import ending
from harness.request.cell import Cell

NODE_LOSSES = 3
WORKER_LOSSES = 1
POLL = 0.2  # seconds between two looks at progress
PROGRESS = 30.0  # seconds for the driver's own actor to answer


@dataclass
class RayRun:
    """What runs on the cluster, and what has happened to it."""

    ray: Any
    jobs: int
    options: Mapping[str, Any]
    folder: Path
    wanted: Expected
    on_progress: OnProgress
    on_warning: OnWarning
    _waiting: list[Cell] = field(default_factory=list)
    _running: dict[Any, Cell] = field(default_factory=dict)
    _turns: Turns = field(default_factory=Turns)
    _losses: Counter[tuple[str, str]] = field(default_factory=Counter)  # cell and what was lost
    _node_of: dict[str, str] = field(default_factory=dict)  # cell → id of the node on which it started last
    _avoided: dict[str, str] = field(default_factory=dict)  # id of a node → what it lacks

    def outcomes(self, cells: Sequence[Cell]) -> Generator[Outcome, None, None]:
        """Yield outcomes as cells end; closing it cancels the others."""
        self._waiting = list(cells)
        events = self._events()
        try:
            while self._waiting or self._running:
                self._start(events)
                ended, _ = self.ray.wait(list(self._running), num_returns=1, timeout=POLL)
                self._show(events)
                for reference in ended:
                    cell = self._running.pop(reference)
                    self._turns.ended(cell)
                    outcome = self._outcome(reference, cell)
                    if outcome is None:
                        self._waiting.insert(0, cell)
                    else:
                        yield outcome
        finally:
            self._stop()

    def _events(self) -> Any:
        """Return the actor that holds events, on this process's node, which is not lost without this process."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self.ray.get_runtime_context().get_node_id(), soft=False)
        return self.ray.remote(num_cpus=0)(Events).options(scheduling_strategy=here).remote()

    def _start(self, events: Any) -> None:
        """Start the cells whose turn it is."""
        task = self.ray.remote(max_retries=0)(work).options(**self.options, **self._elsewhere())
        while len(self._running) < self.jobs and (cell := self._turns.admit(self._waiting)) is not None:
            self._waiting.remove(cell)
            self._running[task.remote(cell, self.folder, self.wanted, events)] = cell

    def _elsewhere(self) -> dict[str, Any]:
        """Return the option that keeps tasks away from nodes that lack something."""
        return {"label_selector": {"ray.io/node-id": f"!in({','.join(self._avoided)})"}} if self._avoided else {}

    def _show(self, events: Any) -> None:
        """Show what cells have reported; without the actor a run goes on, and shows nothing."""
        taken: list[Event] = []
        with suppress(self.ray.exceptions.RayError):
            taken = self.ray.get(events.take.remote(), timeout=PROGRESS)
        running = {str(cell) for cell in self._running.values()}
        for name, stage, done, total, node in taken:
            self._node_of[name] = node
            self._turns.reached(name, stage)
            if name in running:
                self.on_progress(name, stage, done, total)

    def _outcome(self, reference: Any, cell: Cell) -> Outcome | None:
        """Return how a cell ended, None where it runs again."""
        errors = self.ray.exceptions
        try:
            answer: Outcome | Lacking = self.ray.get(reference)
        except errors.RayTaskError as error:
            return failed(cell, self.folder, reason_of(error.cause))
        except errors.RayError as error:
            return self._lost(cell, error)
        return self._moved(cell, answer) if isinstance(answer, Lacking) else answer

    def _lost(self, cell: Cell, error: Exception) -> Outcome | None:
        """Return the outcome of a cell whose worker is gone, None where it runs again."""
        if is_done(cell, self.folder):
            return Outcome(cell, 0.0)
        what, most = "worker", WORKER_LOSSES
        if isinstance(error, self.ray.exceptions.NodeDiedError):
            what, most = "node", NODE_LOSSES
        name = str(cell)
        self._losses[name, what] += 1
        times = self._losses[name, what]
        if times > most:
            return failed(cell, self.folder, f"its {what} was lost {times} times, last: {short_reason(error)}")
        where = f" {self._name(self._node_of[name])}" if name in self._node_of else ""
        self.on_warning(f"{name}: its {what}{where} was lost: it runs again ({times} of {most})")
        return None

    def _moved(self, cell: Cell, answer: Lacking) -> Outcome | None:
        """Return the outcome of a cell whose node lacks something, None where it runs again on another node."""
        line = f"Ray node {self._name(answer.node)} {answer.problem}"
        if answer.node not in self._avoided:
            self._avoided[answer.node] = answer.problem
            self.on_warning(f"{line}; it gets no further cells of this run")
        nodes = [node for node in self.ray.nodes() if node["Alive"] and ray_nodes.places(node, self.options)]
        others = [node for node in nodes if node["NodeID"] not in self._avoided]
        return None if others else failed(cell, self.folder, line)

    def _name(self, identity: str) -> str:
        nodes = [node for node in self.ray.nodes() if node["NodeID"] == identity]
        return ray_nodes.name_of(nodes[0]) if nodes else identity[:8]

    def _stop(self) -> None:
        """Cancel what runs; after a signal to end, trainings have ending.GRACE seconds to save a checkpoint."""
        running = list(self._running)
        if not running:
            return
        try:
            if ending.received() is not None:  # a second signal ends the wait
                for reference in running:
                    self.ray.cancel(reference, force=False)
                self.ray.wait(running, num_returns=len(running), timeout=ending.GRACE)
        finally:
            for reference in running:
                self.ray.cancel(reference, force=True)
