"""Trials and their table: what was attempted, how often all was as wanted, and what was not."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHOWN = 3  # faults of a row that the table spells out


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


def carry_out(trials: Iterable[Trial], place: Path, jobs: int, seconds: float) -> list[Ended]:
    """Carry out the trials, `jobs` side by side, and return how they ended, those that were begun within `seconds`.

    The rows take turns, so that each has its share where time is short.
    """
    until = time.monotonic() + seconds
    ended = []
    with ThreadPoolExecutor(jobs) as threads:
        for each in threads.map(lambda trial: _ended(trial, place, until), in_turns(list(trials))):
            if each is not None:
                ended.append(each)
                print(f"{each.trial.row}, {each.trial.name}: {each.fault or each.skipped or 'as wanted'}", flush=True)
    return ended


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


def table(wanted: Sequence[Trial], ended: Sequence[Ended]) -> str:
    """Return the Markdown table of all rows: attempts wanted, made, as wanted, their mean seconds, and what was not."""
    lines = ["| attempt | wanted | made | as wanted | s | not as wanted |", "|:--|--:|--:|--:|--:|:--|"]
    for row in dict.fromkeys(trial.row for trial in wanted):
        of_row = [each for each in ended if each.trial.row == row]
        made, faulty = [each for each in of_row if not each.skipped], [each for each in of_row if each.fault]
        reasons = dict.fromkeys(each.skipped for each in of_row if each.skipped)
        faults = [f"{each.trial.name}: {each.fault}" for each in faulty]
        asked = sum(trial.times for trial in wanted if trial.row == row)
        count, bad = (sum(each.trial.times for each in group) for group in (made, faulty))
        mean = sum(each.seconds for each in made) / max(1, count)
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        said = "; ".join([*faults[:SHOWN], *more, *(f"not possible: {reason}" for reason in reasons)])
        lines.append(f"| {row} | {asked} | {count} | {count - bad} | {mean:.1f} | {_cell(said)} |")
    return "\n".join(lines) + "\n"


def conditions() -> str:
    """Return date, machine and commit of a measurement, as one line."""
    commit = _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain") else "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{date.today().isoformat()}, commit {commit}, {system}, {cores} cores{busy}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
