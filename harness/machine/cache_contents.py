"""What is in a cache, and removing outputs from it.

Finished outputs are by stage; what killed processes left (checkpoints, half-written outputs) is `unfinished`.
Downloaded data, and answers of writers, which may have cost money, are counted and never removed here.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RequestError
from harness.machine.in_use import unused
from harness.machine.store import MANIFEST

UNFINISHED = "unfinished"
MAKING = ".making-"
PARTIAL = ".partial"
NOT_STAGES = ("answers", "data", "ir_datasets")
DAY = 86_400  # seconds


@dataclass(frozen=True)
class Output:
    """A folder of the cache: the output of a stage, or an unfinished one; `made` is in seconds since 1970."""

    stage: str
    key: str
    path: Path
    bytes: int
    made: float

    @property
    def days(self) -> float:
        """The days since it was made."""
        return (time.time() - self.made) / DAY


@dataclass(frozen=True)
class StageTotal:
    """The outputs of one stage together."""

    stage: str
    outputs: int
    bytes: int
    oldest: float
    newest: float


def outputs(root: Path) -> Iterator[Output]:
    """Yield every output below a cache's root, by stage and key; one that is removed meanwhile is left out."""
    for folder in sorted(_folders(root)):
        if folder.name == PARTIAL:
            yield from _read(UNFINISHED, sorted(_folders(folder)))
        elif not folder.name.startswith(".") and folder.name not in NOT_STAGES:
            yield from _read(folder.name, [path for prefix in sorted(_folders(folder)) for path in _folders(prefix)])


def totals(found: Iterable[Output]) -> list[StageTotal]:
    """Return the totals of the stages that have outputs, by name, `unfinished` last."""
    by_stage: dict[str, list[Output]] = {}
    for output in found:
        by_stage.setdefault(output.stage, []).append(output)
    return [
        StageTotal(
            stage,
            len(group),
            sum(output.bytes for output in group),
            min(output.made for output in group),
            max(output.made for output in group),
        )
        for stage, group in sorted(by_stage.items(), key=lambda item: (item[0] == UNFINISHED, item[0]))
    ]


def other_bytes(root: Path) -> dict[str, int]:
    """Return folder → bytes of what is no output of a stage, where there is any."""
    sizes = {name: folder_bytes(root / name) for name in NOT_STAGES}
    return {name: size for name, size in sizes.items() if size}


def remove(root: Path, output: Output) -> bool:
    """Remove an output; returns False, and keeps it, while a process makes or uses it.

    Raises RequestError where the cache cannot be changed.
    """
    locks = root / ".locks"
    try:
        locks.mkdir(exist_ok=True)
        with unused(locks, output.key) as free:
            if free:
                shutil.rmtree(output.path)
            return free
    except OSError as error:
        raise RequestError(f"{output.path} cannot be removed: {error.strerror}; change its permissions") from error


def folder_bytes(folder: Path) -> int:
    """Return the bytes of the files below a folder, those behind links left out."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
        except OSError:  # removed meanwhile
            continue
    return total


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _read(stage: str, paths: Iterable[Path]) -> Iterator[Output]:
    for path in paths:
        try:
            made = path.stat().st_mtime
        except OSError:  # removed meanwhile
            continue
        name = stage if (path / MANIFEST).is_file() and not path.name.startswith(MAKING) else UNFINISHED
        yield Output(name, path.name.removeprefix(MAKING), path, folder_bytes(path), made)
