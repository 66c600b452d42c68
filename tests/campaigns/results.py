"""What was made of all trials, kept in results.json from one call to the next, and its table, results.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

from campaigns.trials import REPOSITORY, Ended, Trial

FILE = Path(__file__).with_name("results.json")
PAGE = FILE.with_suffix(".md")
SHOWN = 3  # faults of a row that the table spells out
LONGEST = 1000  # letters of a fault that is kept
COLUMNS = ("attempt", "wanted", "made", "as wanted", "s", "measured", "not as wanted")
ALIGNED = ":--|--:|--:|--:|--:|:--|:--"
Name = tuple[str, str]  # row and trial


@dataclass(frozen=True)
class Made:
    """A trial that was carried out, or could not be: when, with which commit, and where."""

    row: str
    name: str
    times: int
    fault: str
    skipped: str
    seconds: float
    measured: str  # date and commit
    system: str

    @property
    def is_as_wanted(self) -> bool:
        return not (self.fault or self.skipped)


def made(ended: Ended) -> Made:
    """Return how a trial ended now, on this machine."""
    trial, fault = ended.trial, ended.fault.replace(str(REPOSITORY), ".")[:LONGEST]
    return Made(trial.row, trial.name, trial.times, fault, ended.skipped, round(ended.seconds, 1), _now(), _system())


def known() -> dict[Name, Made]:
    """Return what earlier calls have kept."""
    if not FILE.is_file():
        return {}
    return {(row["row"], row["name"]): Made(**row) for row in json.loads(FILE.read_text(encoding="utf-8"))}


def keep(earlier: Mapping[Name, Made], everything: Sequence[Trial]) -> None:
    """Write what was made of the trials of the whole campaign; of those that are no longer in it nothing is kept."""
    names = [(trial.row, trial.name) for trial in everything]
    rows = [earlier[name] for name in names if name in earlier]
    lines = [json.dumps(asdict(row), ensure_ascii=False) for row in rows]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    PAGE.write_text(f"# Campaigns, as measured\n\n{_systems(rows)}\n\n{table(everything, rows)}", encoding="utf-8")


def table(wanted: Iterable[Trial], found: Iterable[Made]) -> str:
    """Return the Markdown table of all rows: attempts wanted, made, as wanted, their mean seconds, and what was not."""
    asked: dict[str, int] = {}
    for trial in wanted:
        asked[trial.row] = asked.get(trial.row, 0) + trial.times
    by_row: dict[str, list[Made]] = {row: [] for row in asked}
    for each in found:
        by_row.get(each.row, []).append(each)
    lines = [f"| {' | '.join(COLUMNS)} |", f"|{ALIGNED}|"]
    return "\n".join([*lines, *(_line(row, asked[row], trials) for row, trials in by_row.items())]) + "\n"


def _line(row: str, asked: int, of_row: Sequence[Made]) -> str:
    count = sum(each.times for each in of_row if not each.skipped)
    good = sum(each.times for each in of_row if each.is_as_wanted)
    seconds = sum(each.seconds for each in of_row if not each.skipped) / max(1, count)
    faults = [f"{each.name}: {each.fault}" for each in of_row if each.fault]
    more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    reasons = dict.fromkeys(f"not possible: {each.skipped}" for each in of_row if each.skipped)
    said = _cell("; ".join([*faults[:SHOWN], *more, *reasons]))
    measured = "; ".join(dict.fromkeys(sorted(each.measured for each in of_row)))
    shown = f"{seconds:.1f}" if seconds >= 0.05 or not count else f"{seconds:.4f}"
    return f"| {row} | {asked} | {count} | {good} | {shown} | {measured} | {said} |"


def _systems(rows: Iterable[Made]) -> str:
    systems = "; ".join(dict.fromkeys(sorted(row.system for row in rows))) or "nothing yet"
    return (
        f"`make campaign`, row by row and in pieces ([how](README.md)), on: {systems}. `s`: mean seconds per attempt."
    )


@cache
def _now() -> str:
    commit = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":!tests/campaigns/results.*")
    return f"{date.today().isoformat()} {commit}{'+' if changed else ''}"


@cache
def _system() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {cores} cores"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
