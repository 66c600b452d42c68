"""What a cell measured beside the scores of its suite, as text: losses, energy, geometry, further scores."""

from __future__ import annotations

from dataclasses import dataclass

from harness.results.flatten import Facts, flatten, text
from harness.results.record import Record

MOST_LOSSES = 40  # losses shown per cell, evenly spaced, so that a page of 200 cells stays small


@dataclass(frozen=True)
class LossSummary:
    """The logged losses of a training; `shown` holds one in `every`."""

    count: int
    first: str
    last: str
    every: int
    shown: str


def loss_summary(record: Record) -> LossSummary | None:
    """Return the summary of a record's training losses, None where none were logged."""
    logged = record.value("training", "losses")
    if not isinstance(logged, list | tuple):
        return None
    losses = [loss for loss in logged if isinstance(loss, int | float)]
    if not losses:
        return None
    every = -(-len(losses) // MOST_LOSSES)
    shown = " ".join(f"{loss:.4g}" for loss in losses[::every])
    return LossSummary(len(losses), f"{losses[0]:.4g}", f"{losses[-1]:.4g}", every, shown)


def energy_text(record: Record) -> str:
    """Return the measured joules per device with kind and scope of the measurement, "" where nothing was measured.

    Those of a process that read the cell's model or ranking from the cache are not the cell's.
    """
    energy = record.table("energy") if record.is_timed else {}
    devices = {"cpu_joules": "processor", "gpu_joules": "GPU"}
    joules = [
        f"{energy[name]:,.1f} J {device}"
        for name, device in devices.items()
        if isinstance(energy.get(name), int | float)
    ]
    method = [text(energy[name]) for name in ("kind", "scope") if energy.get(name)]
    return "; ".join([", ".join(joules), *method]) if joules else ""


def further_scores(record: Record) -> Facts:
    """Return geometry, scores by dimension, of folds, of held-out pairs and of MTEB, numbers with four digits."""
    folds = {name: value for name, value in record.cross_validation.items() if name != "queries"}
    tables = [(f"geometry {stage}", record.geometry[stage]) for stage in sorted(record.geometry, reverse=True)]
    tables += [(f"cut to {dimension} dimensions", scores) for dimension, scores in record.by_dimension.items()]
    tables += [("cross-validation", folds), ("held-out pairs", record.pairs)]
    facts = [
        (title, ", ".join(f"{name} {_four_digits(value)}" for name, value in flatten(table)))
        for title, table in tables
        if table
    ]
    return facts + [(f"task {name}", text(task.get("value"))) for name, task in record.tasks.items()]


def _four_digits(value: str) -> str:
    """Return the text of a number with four digits, any other text unchanged."""
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value
