"""What cells cost: hours of a GPU, or of a processor's cores, on the machine that each record names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.machine.stage_run import StageRun
from harness.report.figures.labels import label
from harness.results.cell_cost import cell_cost, model_and_ranking
from harness.results.record import Record

Hours = Mapping[tuple[str, str], float]  # (GPU hours, core hours or hours; name of the machine) → how many
_MOST_THREADS = 4096  # of a machine: more in a record are a stranger's
_NAME = 60  # characters of a machine's name


def machine(record: Record) -> str:
    """Return the name of what computed a cell, its GPU or else its processor; "" where the record names none."""
    return label(str(record.value("environment", "gpu" if _on_gpu(record) else "cpu") or ""), _NAME)


def mean_hours(records: Sequence[Record]) -> Hours:
    """Return the mean hours of a cell over those whose cost is known, by what they ran on; {} where none is."""
    timed = [(record, cost.seconds) for record in records if (cost := cell_cost(record)) is not None]
    hours: dict[tuple[str, str], float] = {}
    for record, seconds in timed:
        unit = _unit(record), machine(record)
        hours[unit] = hours.get(unit, 0.0) + _on_all(record, seconds) / 3600 / len(timed)
    return hours


def total(parts: Iterable[Hours], times: int) -> Hours:
    """Return the sum of hours, `times` over."""
    hours: dict[tuple[str, str], float] = {}
    for part in parts:
        for unit, each in part.items():
            hours[unit] = hours.get(unit, 0.0) + times * each
    return hours


def hours_text(hours: Hours) -> str:
    """Return hours in words, "" for those that round to 0.0.

    >>> hours_text({("GPU hours", "NVIDIA H200"): 1.25, ("core hours", ""): 3.0})
    '1.2 GPU hours (NVIDIA H200) and 3.0 core hours'
    """
    known = {unit: each for unit, each in hours.items() if round(each, 1)}
    return " and ".join(
        f"{each:.1f} {kind}{f' ({machine})' if machine else ''}" for (kind, machine), each in known.items()
    )


def _on_gpu(record: Record) -> bool:
    return _device(record).startswith("cuda")


def _device(record: Record) -> str:
    return str(record.value("environment", "device") or "")


def _unit(record: Record) -> str:
    return "GPU hours" if _on_gpu(record) else "core hours" if _device(record) == "cpu" else "hours"


def _on_all(record: Record, seconds: float) -> float:
    """Return the seconds of a cell on one GPU or core: all threads count, and all GPUs that encoded together."""
    if _on_gpu(record):
        runs = model_and_ranking(record.stages)
        return seconds + sum(_made_in(run) * (_devices(run.found) - 1) for run in runs)
    threads = record.value("environment", "torch_threads")
    return seconds * (threads if isinstance(threads, int) and 0 < threads <= _MOST_THREADS else 1)


def _made_in(run: StageRun) -> float:
    return run.cost.seconds if run.cost else 0.0 if run.cached else run.seconds


def _devices(found: Mapping[str, object]) -> int:
    devices = found.get("encode_devices")
    return max(1, len(devices)) if isinstance(devices, list | tuple) else 1
