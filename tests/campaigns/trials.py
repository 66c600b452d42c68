"""Trials: what is attempted, which of them are made, and how each ended."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


class NotPossibleError(Exception):
    """This machine or user cannot make an attempt; the message says why."""


@dataclass(frozen=True)
class Trial:
    """One attempt, or `times` attempts on one folder that fail together; part of a row of the table.

    `check` gets an empty folder of its own and returns what was not as wanted, "" where all was; an exception is a
    fault as well, except NotPossibleError.
    """

    row: str
    name: str
    check: Callable[[Path], str]
    times: int = 1


@dataclass(frozen=True)
class Ended:
    """How a trial ended; `skipped` holds why it could not be made."""

    trial: Trial
    fault: str = ""
    skipped: str = ""
    seconds: float = 0.0


def chosen(trials: Iterable[Trial], texts: Sequence[str], share: float) -> list[Trial]:
    """Return the first trials of each row, that share of its attempts and at least one trial.

    With `texts`, only of rows whose names hold one of them.
    """
    rows: dict[str, list[Trial]] = {}
    for trial in trials:
        if not texts or any(text in trial.row for text in texts):
            rows.setdefault(trial.row, []).append(trial)
    return [trial for row in rows.values() for trial in row[: max(1, round(share * len(row)))]]


def carry_out(trials: Iterable[Trial], place: Path, jobs: int, seconds: float) -> Iterator[Ended]:
    """Carry out the trials, `jobs` side by side, and yield how they ended, those that were begun within `seconds`.

    The rows take turns, so that each has its share where time is short.
    """
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(jobs) as threads:
        futures = [threads.submit(_ended, trial, place, until) for trial in in_turns(list(trials))]
        for future in as_completed(futures):
            if (ended := future.result()) is not None:
                yield ended


def in_turns(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials so that every row has about the same share of any beginning of the list."""
    rows: dict[str, list[Trial]] = {}
    for trial in trials:
        rows.setdefault(trial.row, []).append(trial)
    shares = [((i + 0.5) / len(row), trial) for row in rows.values() for i, trial in enumerate(row)]
    return [trial for _, trial in sorted(shares, key=lambda pair: pair[0])]


def _ended(trial: Trial, place: Path, until: float) -> Ended | None:
    started = time.monotonic()
    if started > until:
        return None
    folder = Path(tempfile.mkdtemp(prefix="trial-", dir=place))
    folder.chmod(0o755)
    fault = skipped = ""
    try:
        fault = trial.check(folder)
    except NotPossibleError as reason:
        skipped = str(reason)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
    if not fault:
        remove(folder)
    return Ended(trial, fault, skipped, time.monotonic() - started)


def remove(folder: Path) -> None:
    """Remove the folder of a trial; what another user owns is removed as well where this one may."""
    subprocess.run(["rm", "-rf", str(folder)], check=False)
