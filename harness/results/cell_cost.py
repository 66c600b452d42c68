"""What computing a cell takes, read off the stages of its record wherever and whenever they were computed."""

from __future__ import annotations

import math

from harness.machine.stage_run import Cost
from harness.results.record import TIMED, Record


def cell_cost(record: Record) -> Cost | None:
    """Return seconds and peak memory of training, encoding and search; None where the record does not say.

    Both are of the processes that made model and ranking, so that they do not depend on what was cached. What cells
    share (mined negatives, experts' scores) is not counted. Records of older versions say what the cell's own process
    took, which is its cost only where that process trained and retrieved; what it made for others is part of it.
    """
    costs = list({run.key: run.cost for run in record.stages if run.stage in TIMED}.values())
    known = [cost for cost in costs if cost is not None]
    if known and len(known) == len(costs):
        return Cost(seconds=math.fsum(cost.seconds for cost in known), peak_bytes=max(c.peak_bytes for c in known))
    return Cost(seconds=record.seconds, peak_bytes=record.peak_memory_bytes) if record.is_timed else None
