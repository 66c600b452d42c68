"""A page a language below the leaderboard (queries/LANGUAGE.html): where one entry beats another, query by query."""

from __future__ import annotations

from pathlib import Path

from harness.collate import Leaderboard

FOLDER = "queries"


def files(folder: Path, board: Leaderboard, *, texts: bool) -> dict[str, str]:
    """Return the pages by their names below the output folder; without `texts` they show ids alone."""
    return {}
