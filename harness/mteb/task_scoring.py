"""Tasks scored by mteb: named ones of MTEB, loaded from a pinned snapshot, and those of a suite's own pairs.

A task keeps mteb's definition: its split, its texts (title and text joined with a space), its main score. The suite
decides what mteb leaves to the caller: prompts, lengths, batch size, precision (harness.mteb.folder_model).

What mteb rounds (docs/traps.md, T9): the means of retrieval tasks to 5 digits, before any caller sees them, and
everything to 6 digits when it writes files. All other values are kept as mteb returns them.
"""

from __future__ import annotations

import math
from typing import Any

import mteb
from mteb.abstasks.abstask import AbsTask
from mteb.models import ModelMeta

from harness.errors import CellError, DataError, short_reason
from harness.mteb import bridge, task_datasets


def load(task: AbsTask, suite: str) -> AbsTask:
    """Return the task with its data, read from the pinned snapshot alone.

    Raises DataError if the snapshot is missing, damaged, or not what mteb expects.
    """
    folder = task_datasets.snapshot(task, suite)
    name = task.metadata.name
    if incomplete := [row for row in task_datasets.states(task, "") if row.state != "present"]:
        row = incomplete[0]
        raise DataError(f"MTEB task {name}: {row.file} is {row.state}; run `harness data fetch {suite}`")
    published = task.metadata
    task.metadata = published.model_copy(update={"dataset": {**published.dataset, "path": str(folder)}})
    try:
        task.load_data()
    except Exception as error:  # each task has its own loader
        reason = short_reason(error)
        raise DataError(f"MTEB task {name}: {folder} does not load ({type(error).__name__}: {reason})") from error
    finally:
        task.metadata = published
    return task


def score(model: ModelMeta, task: AbsTask, batch_size: int) -> dict[str, Any]:
    """Return mteb's result of a model on a loaded task of one subset and one split.

    `scores` holds all of mteb's numbers, None for one that is not finite; `value` is the main score, which must be.
    """
    result = bridge.run(model, task, batch_size)
    ((split, (scores,)),) = result.scores.items()
    main_score = task.metadata.main_score
    numbers = {name: float(value) for name, value in scores.items() if isinstance(value, int | float)}
    value = numbers.get("main_score", math.nan)
    if not math.isfinite(value):
        raise CellError(
            f"MTEB task {task.metadata.name}: {main_score} is not a finite number; the model may be damaged"
        )
    return {
        "type": task.metadata.type,
        "dataset": task.metadata.dataset["path"],
        "revision": task.metadata.revision,
        "subset": scores["hf_subset"],
        "languages": list(scores["languages"]),
        "split": split,
        "main_score": main_score,
        "value": value,
        "scores": {
            name: number if math.isfinite(number) else None
            for name, number in sorted(numbers.items())
            if name != "main_score"
        },
        "mteb": mteb.__version__,
        "seconds": result.evaluation_time,
    }
