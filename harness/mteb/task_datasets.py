"""The datasets of named MTEB tasks: one pinned snapshot each in the hub's cache, verified, and read from there alone.

mteb leaves loading to `datasets`, which without a network takes the newest copy that it has converted before, of
whatever revision. Here a task reads the snapshot folder of the revision that the manifest names (see
harness.data.hub_cache). Of a dataset with many configurations (languages), only what the task's subset needs is
fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data import hub_cache
from harness.data.file_status import FileStatus, Where
from harness.errors import DataError, one_line, unknown
from harness.request.manifest import Hub
from harness.request.suite import Suite

if TYPE_CHECKING:
    from mteb.abstasks.abstask import AbsTask

CARD = "README.md"  # its header says which files make which configuration
EVERYTHING = "*"
ANYWHERE = Where(None, Path())  # the hub's cache is the place of these files


def fetch_tasks(suite: Suite, languages: Iterable[str]) -> None:
    """Download the datasets of the languages' MTEB tasks into the hub's cache, again where a file is damaged.

    Raises DataError where one cannot be had, and what `mteb_tasks.find` raises for a task that does not exist.
    """
    for language, task in _tasks(suite, languages):
        hub_cache.fetch(dataset(task, folder_of(task, suite.name)), language, ANYWHERE)


def tasks_status(suite: Suite, languages: Iterable[str]) -> list[FileStatus]:
    """Return the state of every file that the languages' MTEB tasks read, without using the network."""
    rows = []
    for language, task in _tasks(suite, languages):
        for row in states(task, language):
            rows.append(replace(row, file=f"{task.metadata.name}: {row.file}"))
    return rows


def states(task: AbsTask, language: str) -> list[FileStatus]:
    """Return the state of every file that a task reads; of a dataset that is not there at all, its card is missing."""
    card = Hub(id=task.metadata.dataset["path"], revision=task.metadata.revision, files=(CARD,))
    folder = hub_cache.snapshot(card)
    return list(hub_cache.states(dataset(task, folder) if folder else card, language, ANYWHERE))


def folder_of(task: AbsTask, suite: str) -> Path:
    """Return the snapshot folder of a task's dataset at its revision, downloaded where it is missing and may be.

    Raises DataError, with the command that fetches it, where it cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository = task.metadata.dataset["path"]
    request: dict[str, Any] = {"repo_type": "dataset", "revision": task.metadata.revision}
    try:
        folder = Path(snapshot_download(repository, allow_patterns=[CARD], **request))
        return Path(snapshot_download(repository, allow_patterns=list(dataset(task, folder).files), **request))
    except LocalEntryNotFoundError as error:
        raise _absent(task, suite) from error
    except Exception as error:  # the hub's client raises errors of its transport, of the system and its own
        reason = one_line(error)[:160] or type(error).__name__
        raise _absent(task, suite, f"{type(error).__name__}: {reason}") from error


def dataset(task: AbsTask, folder: Path) -> Hub:
    """Return what of a task's dataset it reads, by the card in `folder`: everything where that does not say.

    A subset `ko` reads the configurations `ko` and `ko-…`, and `kor_Hang-kor_Hang` also `kor_Hang`; the subset
    `default` reads the one that the task names, or all.
    """
    configurations = _configurations(folder / CARD)
    named = task.metadata.dataset.get("name")
    wanted = [named] if named else [subset for subset in task.hf_subsets if subset != "default"]
    chosen = [files for name, files in configurations.items() if any(_reads(one, name) for one in wanted)]
    files = tuple(dict.fromkeys(path for paths in chosen for path in paths))
    return Hub(
        id=task.metadata.dataset["path"],
        revision=task.metadata.revision,
        files=(CARD, *files) if files else (EVERYTHING,),
    )


def _absent(task: AbsTask, suite: str, reason: str = "offline") -> DataError:
    repository, revision = task.metadata.dataset["path"], task.metadata.revision
    return DataError(
        f"MTEB task {task.metadata.name}: its dataset {repository} at {revision} is not whole in the hub's cache "
        f"({reason}); run `harness data fetch {suite}` with a network, or set HF_HOME to a cache that holds it"
    )


def _tasks(suite: Suite, languages: Iterable[str]) -> Iterator[tuple[str, AbsTask]]:
    for language in languages:
        if language not in suite.languages:
            raise unknown("language", language, suite.languages, f"suite {suite.name}")
        for task in suite.languages[language].tasks:
            from harness.mteb.mteb_tasks import find  # it imports mteb, which takes seconds

            yield language, find(task, language)


def _reads(subset: str, configuration: str) -> bool:
    return configuration == subset or configuration.startswith(f"{subset}-") or configuration in subset.split("-")


def _configurations(card: Path) -> dict[str, list[str]]:
    """Return configuration → file patterns, as the header of a dataset's card declares them; {} where it does not."""
    from huggingface_hub import metadata_load

    header = metadata_load(card) if card.is_file() else None
    declared: dict[str, list[str]] = {}
    for one in (header or {}).get("configs") or []:
        files = one.get("data_files") or ([f"{one['data_dir']}/*"] if "data_dir" in one else [])
        rows = [files] if isinstance(files, str) else files
        paths = [row["path"] if isinstance(row, dict) else row for row in rows]
        declared[str(one.get("config_name"))] = [
            p for path in paths for p in ([path] if isinstance(path, str) else path)
        ]
    return {name: paths for name, paths in declared.items() if paths}
