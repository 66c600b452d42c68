"""`mteb.evaluate` without hub, network or shared cache entries."""

from __future__ import annotations

import math
from typing import Any

from mteb import evaluate as mteb_evaluate
from mteb.abstasks.abstask import AbsTask
from mteb.cache import ResultCache
from mteb.models import ModelMeta
from mteb.results import TaskResult

from harness.errors import CellError
from harness.mteb.mteb_names import SPLIT, mteb_name
from harness.mteb.suite_task import SuiteTask


def run(model: ModelMeta, task: AbsTask, batch_size: int, cache: ResultCache | None = None) -> TaskResult:
    """Return mteb's result of a model on any of its tasks; without `cache` nothing is read from or written to disk."""
    encode_kwargs: Any = {"batch_size": batch_size, "show_progress_bar": False}
    results = mteb_evaluate(
        model, task, co2_tracker=False, cache=cache, show_progress_bar=False, encode_kwargs=encode_kwargs
    )
    (result,) = results.task_results
    return result


def evaluate(model: ModelMeta, task: SuiteTask, cache: ResultCache | None = None) -> dict[str, float]:
    """Return the suite's measures as mteb computes and rounds them (5 digits)."""
    (scores,) = run(model, task, task.evaluation.encode_batch_size, cache).scores[SPLIT]
    values = {measure: scores[mteb_name(measure, task.evaluation.depth)] for measure in task.evaluation.measures}
    for measure, value in values.items():
        if math.isnan(value):
            raise CellError(f"mteb's {measure} of {model.name} on {task.metadata.name} is NaN")
    return values
