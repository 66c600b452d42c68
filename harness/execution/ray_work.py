"""What runs on the nodes of a Ray cluster: one cell, and the events of all that the driver takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.execution.executor import Outcome
from harness.execution.node_requirements import Expected, lacks
from harness.execution.worker import run_cell
from harness.machine import ending
from harness.machine.device import resolve_device
from harness.request.cell import Cell

OFTEN = 0.5  # seconds between two events of one stage
Event = tuple[str, str, int, int, str]  # cell, stage, steps done, total steps, node


class Events:
    """What cells have reported and the driver has not taken yet; an actor on the driver's node."""

    def __init__(self) -> None:
        self._held: list[Event] = []

    def put(self, event: Event) -> None:
        """Hold an event until it is taken."""
        self._held.append(event)

    def take(self) -> list[Event]:
        """Return the events since the last call, in order."""
        held, self._held = self._held, []
        return held


@dataclass(frozen=True)
class Lacking:
    """A node that lacks what cells need: it joined after the nodes were checked, or has changed."""

    node: str
    problem: str


class Reporter:
    """The progress of a cell, sent to the driver when a stage begins or ends, and in between every OFTEN seconds."""

    def __init__(self, events: Any, cell: Cell, node: str) -> None:
        self._events, self._name, self._node = events, str(cell), node
        self._stage, self._sent = "", 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage or done == total or now - self._sent >= OFTEN:
            self._stage, self._sent = stage, now
            self._events.put.remote((self._name, stage, done, total, self._node))


def work(cell: Cell, folder: Path, wanted: Expected, events: Any) -> Outcome | Lacking:
    """Run one cell on this node, if it has what cells need; an interrupt ends it as SIGTERM ends a local worker."""
    import ray

    node = str(ray.get_runtime_context().get_node_id())
    report = Reporter(events, cell, node)
    report("starting", 0, 1)
    if problem := lacks(wanted) or _lacks_device(cell.place.device):
        return Lacking(node, problem)
    ending.listen_to_interrupts()
    return run_cell(cell, folder, report)


def found_device() -> tuple[str, str]:
    """Return the device that torch finds for a task with GPUs, and the id of its node."""
    import ray

    return resolve_device("auto"), str(ray.get_runtime_context().get_node_id())


def _lacks_device(device: str) -> str:
    try:
        resolve_device(device)
    except RequestError:
        return "has GPUs for Ray, but torch finds no CUDA there; install a driver and a CUDA build of torch"
    return ""
