"""What computing a cell takes, read off the stages of its record wherever and whenever they were computed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.machine.stage_run import Cost, StageRun
from harness.results.record import Record


def cell_cost(record: Record) -> Cost | None:
    """Return seconds and peak memory of training, encoding and search; None where the record does not say.

    Both are of the processes that made model and ranking, so that they do not depend on what was cached. What cells
    share (mined negatives with the trainings of earlier rounds, experts' scores) and cross-validation are not counted.
    Records of older versions say what the cell's own process took, which is its cost only where that process trained
    and retrieved; what else it made is part of it.
    """
    costs = [run.cost for run in model_and_ranking(record.stages)]
    known = [cost for cost in costs if cost is not None]
    if known and len(known) == len(costs):
        return Cost(seconds=math.fsum(cost.seconds for cost in known), peak_bytes=max(c.peak_bytes for c in known))
    return Cost(seconds=record.seconds, peak_bytes=record.peak_memory_bytes) if record.is_timed else None


def model_and_ranking(stages: Sequence[StageRun]) -> list[StageRun]:
    """Return the cell's own training and retrieval: its first ranking, and the last training before that.

    Earlier trainings are of mining rounds, later ones of folds, and later rankings of vectors cut to fewer dimensions.
    """
    ranked = next((i for i, run in enumerate(stages) if run.stage == "retrieve"), None)
    if ranked is None:
        return []
    return [*[run for run in stages[:ranked] if run.stage == "train"][-1:], stages[ranked]]
