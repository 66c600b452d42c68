"""Result folders from a stranger: whatever a command finds in one, it leaves what is outside alone, and ends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from campaigns.trials import Trial
from support.foreign_commands import KINDS, answers
from support.foreign_judgement import wrong

AT_ONCE = 12  # folders that one process makes


def trials(place: Path) -> Iterator[Trial]:
    """Yield the folders of every kind, several at a time; each is given to all commands that read folders."""
    for kind, plants in KINDS.items():
        names = list(plants)
        for start in range(0, len(names), AT_ONCE):
            several = names[start : start + AT_ONCE]
            yield Trial(f"foreign: {kind}", ", ".join(several), partial(given, kind, several), len(several))


def given(kind: str, names: list[str], folder: Path) -> str:
    """Return what was wrong with the commands on these folders, "" if nothing."""
    found = [line for answer in answers([(kind, name) for name in names], folder / "top") for line in wrong(answer)]
    return "; ".join(found)
