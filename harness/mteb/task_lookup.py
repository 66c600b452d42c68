"""Named tasks of MTEB, looked up in the installed mteb and checked against the manifest; none of their data is read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import mteb
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.aggregated_task import AbsTaskAggregate

from harness.errors import RequestError, unknown
from harness.mteb.mteb_names import LANGUAGES
from harness.request.data_sources import Task


def find(task: Task, language: str) -> AbsTask:
    """Return the task that a manifest names, reduced to its subset and split.

    Raises RequestError for a name, revision, subset or split that the installed mteb does not have, for a task that is
    an aggregate or not on texts, and for a subset in another language.
    """
    try:
        mteb_task = mteb.get_task(task.name)
    except KeyError:
        raise _unknown(task.name) from None
    _check(task, mteb_task)
    _check_language(task, mteb_task, language)
    return mteb.get_task(task.name, hf_subsets=[task.subset], eval_splits=[task.split])


def _check(task: Task, mteb_task: AbsTask) -> None:
    """Raise RequestError if the installed mteb's task is not the one that the manifest describes."""
    where = f"MTEB task {task.name}"
    metadata = mteb_task.metadata
    if isinstance(mteb_task, AbsTaskAggregate) or metadata.modalities != ["text"]:
        raise RequestError(f"{where} is not a single task on texts; list the tasks that it consists of")
    if metadata.revision != task.revision:
        raise RequestError(
            f"{where}: the manifest names revision {task.revision}, mteb {mteb.__version__} {metadata.revision}; "
            "install the mteb that the manifest was written for, or change the revision"
        )
    if task.subset not in metadata.hf_subsets_to_langscripts:
        raise unknown("subset", task.subset, metadata.hf_subsets_to_langscripts, where)
    if task.split not in metadata.eval_splits:
        raise unknown("split", task.split, metadata.eval_splits, where)


def _check_language(task: Task, mteb_task: AbsTask, language: str) -> None:
    code = LANGUAGES.get(language, language).partition("-")[0]
    langscripts = mteb_task.metadata.hf_subsets_to_langscripts[task.subset]
    codes = {langscript.partition("-")[0] for langscript in langscripts}
    if code not in codes:
        raise RequestError(
            f"MTEB task {task.name}: its subset '{task.subset}' is {', '.join(sorted(codes))}, not {language}"
        )


def check_tasks(language: str, tasks: Iterable[Task]) -> None:
    """Raise RequestError for the first of a language's tasks that `find` rejects or that is repeated."""
    seen: set[str] = set()
    for task in tasks:
        find(task, language)
        if task.name in seen:
            raise RequestError(
                f"MTEB task {task.name} is listed twice for {language}; list one subset of it per language"
            )
        seen.add(task.name)


def check_own_name(name: str) -> None:
    """Raise RequestError for a task of a suite's own that has the name of one of mteb's."""
    if name in {task.metadata.name for task in mteb.get_tasks(exclude_superseded=False)}:
        raise RequestError(f"pair task '{name}' has the name of a task of mteb {mteb.__version__}; rename it")


def _unknown(name: str) -> RequestError:
    known = [task.metadata.name for task in mteb.get_tasks(exclude_superseded=False)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    return RequestError(f"unknown MTEB task '{name}'{hint} mteb {mteb.__version__} has {len(known)}: mteb.get_tasks()")
