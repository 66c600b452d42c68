"""Named tasks of MTEB: found and refused by mteb's own metadata, loaded from a pinned snapshot, scored by mteb.

A task keeps mteb's definition: its split, its texts (title and text joined with a space), its main score. What the
suite decides is what mteb leaves to the caller: prompts, lengths, batch size, precision (harness.mteb.bridge).

What mteb rounds (trap T9): the means of retrieval tasks to 5 digits, before anybody sees them, and everything to 6
digits where it writes files. All else is kept as it comes.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any

import mteb
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.aggregated_task import AbsTaskAggregate
from mteb.models import ModelMeta

from harness.errors import CellError, DataError, RequestError, one_line, unknown
from harness.mteb import bridge, task_datasets
from harness.request.manifest import Task


def find(task: Task, language: str) -> AbsTask:
    """Return the task that a manifest names, reduced to its subset and split; nothing of its data is read.

    Raises RequestError for a name, revision, subset or split that the installed mteb does not have, and for a task
    that is no single text task or whose subset is not of the language.
    """
    try:
        found = mteb.get_task(task.name)
    except KeyError:
        raise _unknown(task.name) from None
    where = f"MTEB task {task.name}"
    metadata = found.metadata
    if isinstance(found, AbsTaskAggregate) or metadata.modalities != ["text"]:
        raise RequestError(f"{where} is not one task on texts; list the tasks that it is made of")
    if metadata.revision != task.revision:
        raise RequestError(
            f"{where}: the manifest names revision {task.revision}, mteb {mteb.__version__} {metadata.revision}; "
            "install the mteb that the manifest was written for, or change the revision"
        )
    subsets = metadata.hf_subsets_to_langscripts
    if task.subset not in subsets:
        raise unknown("subset", task.subset, subsets, where)
    if task.split not in metadata.eval_splits:
        raise unknown("split", task.split, metadata.eval_splits, where)
    code = bridge.LANGUAGES.get(language, language).partition("-")[0]
    spoken = {name.partition("-")[0] for name in subsets[task.subset]}
    if code not in spoken:
        raise RequestError(f"{where}: its subset '{task.subset}' is {', '.join(sorted(spoken))}, not {language}")
    return mteb.get_task(task.name, hf_subsets=[task.subset], eval_splits=[task.split])


def refuse(language: str, tasks: Iterable[Task]) -> None:
    """Raise RequestError for the first of a language's tasks that cannot be run as it is named."""
    seen: set[str] = set()
    for task in tasks:
        find(task, language)
        if task.name in seen:
            raise RequestError(
                f"MTEB task {task.name} is listed twice for {language}; list one subset of it a language"
            )
        seen.add(task.name)


def load(task: AbsTask, suite: str) -> AbsTask:
    """Return the task with its data, read from the pinned snapshot alone.

    Raises DataError where the snapshot is missing, damaged, or not what mteb expects of it.
    """
    folder = task_datasets.folder_of(task, suite)
    name = task.metadata.name
    if wrong := [row for row in task_datasets.states(task, "") if row.state != "present"]:
        raise DataError(f"MTEB task {name}: {wrong[0].file} is {wrong[0].state}; run `harness data fetch {suite}`")
    published = task.metadata
    task.metadata = published.model_copy(update={"dataset": {**published.dataset, "path": str(folder)}})
    try:
        task.load_data()
    except Exception as error:  # whatever a task's own loader makes of the files
        reason = one_line(error)[:200] or type(error).__name__
        raise DataError(f"MTEB task {name}: {folder} does not load ({type(error).__name__}: {reason})") from error
    finally:
        task.metadata = published
    return task


def score(model: ModelMeta, task: AbsTask, batch_size: int) -> dict[str, Any]:
    """Return what mteb measures for a model on a loaded task of one subset and one split.

    `scores` are all of mteb's numbers, None where one is not finite; `value` is the main one, and must be.
    """
    result = bridge.run(model, task, batch_size)
    ((split, (scores,)),) = result.scores.items()
    main = task.metadata.main_score
    numbers = {name: float(value) for name, value in scores.items() if isinstance(value, int | float)}
    value = numbers.get("main_score", math.nan)
    if not math.isfinite(value):
        raise CellError(f"MTEB task {task.metadata.name}: {main} is not a finite number; the model may be damaged")
    return {
        "type": task.metadata.type,
        "dataset": task.metadata.dataset["path"],
        "revision": task.metadata.revision,
        "subset": scores["hf_subset"],
        "languages": list(scores["languages"]),
        "split": split,
        "main_score": main,
        "value": value,
        "scores": {
            name: number if math.isfinite(number) else None
            for name, number in sorted(numbers.items())
            if name != "main_score"
        },
        "mteb": mteb.__version__,
        "seconds": result.evaluation_time,
    }


def _unknown(name: str) -> RequestError:
    known = [task.metadata.name for task in mteb.get_tasks(exclude_superseded=False)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    return RequestError(f"unknown MTEB task '{name}'{hint} mteb {mteb.__version__} has {len(known)}: mteb.get_tasks()")
