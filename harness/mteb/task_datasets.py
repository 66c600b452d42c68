"""The datasets of named MTEB tasks: one pinned snapshot each in the hub's cache, verified, and read from there alone.

mteb leaves loading to `datasets`, which without a network takes the newest copy that it has converted before, of any
revision. Here a task reads the snapshot folder of the revision that the manifest names (see harness.data.hub_datasets).
Of a dataset with many configurations (languages), only the files that the task's subset needs are downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.data import hub_datasets
from harness.data.file_status import FileStatus
from harness.data.hub_snapshots import cached_snapshot, fetched
from harness.errors import DataError, short_reason, unknown
from harness.mteb.dataset_card import CARD, patterns
from harness.request.data_sources import Hub
from harness.request.suite import Suite

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

EVERYTHING = "*"


def fetch_tasks(suite: Suite, languages: Iterable[str]) -> None:
    """Download the datasets of the languages' MTEB tasks into the hub's cache; damaged files are downloaded again.

    Raises DataError if one cannot be had, and what `task_lookup.find` raises for a task that does not exist.
    """
    for language, task in _tasks(suite, languages):
        hub_datasets.fetch(_dataset(task, snapshot(task, suite.name)), language)


def tasks_status(suite: Suite, languages: Iterable[str]) -> list[FileStatus]:
    """Return the state of every file that the languages' MTEB tasks read; uses no network."""
    return [
        replace(row, file=f"{task.metadata.name}: {row.file}")
        for language, task in _tasks(suite, languages)
        for row in states(task, language)
    ]


def states(task: AbsTask, language: str) -> list[FileStatus]:
    """Return the state of every file that a task reads; of a dataset that is not in the cache, its card is missing."""
    repository, revision = task.metadata.dataset["path"], task.metadata.revision
    folder = cached_snapshot(repository, revision)
    dataset = _dataset(task, folder) if folder else Hub(id=repository, revision=revision, files=(CARD,))
    return list(hub_datasets.states(dataset, language))


def snapshot(task: AbsTask, suite: str) -> Path:
    """Return the snapshot folder of a task's dataset; missing files are downloaded if there is a network.

    Raises DataError, which names the command that fetches them, if they cannot be had.
    """
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository = task.metadata.dataset["path"]
    revision = task.metadata.revision
    try:
        folder = fetched(repository, revision, "dataset", only=[CARD])
        return fetched(repository, revision, "dataset", only=_dataset(task, folder).files)
    except LocalEntryNotFoundError as error:
        raise _incomplete(task, suite, "offline") from error
    except Exception as error:  # see short_reason
        raise _incomplete(task, suite, f"{type(error).__name__}: {short_reason(error)}") from error


def _dataset(task: AbsTask, folder: Path) -> Hub:
    """Return the part of a task's dataset that it reads, by the card in `folder`; everything if that does not say.

    The subset `default` reads the configuration that the task names, or all.
    """
    name = task.metadata.dataset.get("name")
    files = patterns(folder, [name] if name else [subset for subset in task.hf_subsets if subset != "default"])
    return Hub(
        id=task.metadata.dataset["path"],
        revision=task.metadata.revision,
        files=(CARD, *files) if files else (EVERYTHING,),
    )


def _incomplete(task: AbsTask, suite: str, reason: str) -> DataError:
    repository, revision = task.metadata.dataset["path"], task.metadata.revision
    return DataError(
        f"MTEB task {task.metadata.name}: its dataset {repository} at {revision} is not complete in the hub's cache "
        f"({reason}); run `harness data fetch {suite}` with a network, or set HF_HOME to a cache that holds it"
    )


def _tasks(suite: Suite, languages: Iterable[str]) -> Iterator[tuple[str, AbsTask]]:
    """Yield (language, task) for the languages' tasks; imports mteb only if there is one."""
    for language in languages:
        if language not in suite.languages:
            raise unknown("language", language, suite.languages, f"suite {suite.name}")
        for task in suite.languages[language].tasks:
            from harness.mteb.task_lookup import find  # it imports mteb, which takes seconds

            yield language, find(task, language)
