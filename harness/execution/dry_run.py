"""What `harness run --dry-run` shows: the cells of every entry, its settings and where each is from, and the cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from harness.execution import models_in_use, study_lines
from harness.execution.disk_space import DiskSpace, disk_space
from harness.execution.forecast import requests
from harness.execution.kept_models import Rule
from harness.execution.remade import remade
from harness.execution.runner import Work, cached_whole, estimate, trained_already, warnings_of
from harness.machine.scratch_store import scratch_store
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.in_force import settings_in_force
from harness.request.settings import DEFAULT
from harness.stages.trained_model import trains


def lines(work: Work, jobs: int, keep: Rule | None = None) -> Iterator[str]:
    """Yield the lines; reads the store and writes nothing.

    Raises RequestError where the disk of the cache cannot hold what the run would keep.
    """
    todo = {str(cell) for cell in work.todo}
    cells: dict[str, list[Cell]] = {}
    for cell in work.plan.cells:
        cells.setdefault(cell.entry.name, []).append(cell)
    for entry, group in cells.items():
        to_run = sum(str(cell) in todo for cell in group)
        yield f"{entry:<28} {to_run:>4} to run {len(group) - to_run:>4} done"
        for line in settings_lines(group[0]):
            yield f"  {line}"
    yield from _training_rows(work)
    yield from study_lines.lines(work.plan.cells)
    yield from models_in_use.lines(work.plan.cells)
    if devices := work.plan.place.encode_devices:
        yield f"encoding: corpora are shared out over {', '.join(devices)}; the bytes are those of one device"
    yield from remade(work)
    with scratch_store(work.plan.place.cache) as scratch:
        yield from (f"warning: {line}" for line in warnings_of(work, scratch))
    store = Store(work.plan.place.cache)
    yield from map(str, requests(work.todo, store))
    trained = trained_already(work.todo, store)
    space = disk_space(work.plan.cells, work.todo, jobs, keep)
    cached = {str(cell) for cell in cached_whole(work.todo, store, space.rule if space else keep or "none")}
    ranked = f", {len(cached)} of them cached: read, not computed" if cached else ""
    yield f"{len(work.todo)} of {len(work.plan.cells)} cells to run, {trained} of them already trained{ranked}"
    yield f"time: {_time([cell for cell in work.todo if str(cell) not in cached], jobs)}"
    yield from _disk(work, space)


def _disk(work: Work, space: DiskSpace | None) -> Iterator[str]:
    if space is not None:
        yield str(space)
        space.check()
    elif any(trains(cell, Store(cell.place.cache)) for cell in work.todo):
        yield "disk: unknown before the base model is downloaded"


def _training_rows(work: Work) -> Iterator[str]:
    """Yield where training rows come from, and how many there are at most, where the request says so."""
    request = work.plan.request
    if request.train_file is not None:
        yield f"training rows: {request.train_file}"
    if request.max_train is not None:
        yield f"training queries: at most {request.max_train} per language"


def settings_lines(cell: Cell) -> Iterator[str]:
    """Yield one line per layer that a cell's settings are from, such as "moe.router topk (published recipe)"."""
    layers: dict[str, list[str]] = {}
    for setting in settings_in_force(cell):
        layers.setdefault(setting.layer, []).append(f"{setting.name} {_text(setting.value)}")
    for layer in sorted(layers, key=lambda layer: layer == DEFAULT):  # defaults last
        yield f"{', '.join(layers[layer])} ({layer})"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _time(cells: Sequence[Cell], jobs: int) -> str:
    """Return how long cells take that have to be computed."""
    if not cells:
        return "nothing to compute"
    seconds = estimate(cells, jobs)
    if seconds is None:
        return "unknown: no cell with these settings was run with this cache"
    return f"about {seconds / 60:.1f} min with --jobs {jobs}, from the time that such cells took on this machine"
