"""A page an entry below the leaderboard (entries/ENTRY.html): what it is, and every one of its cells."""

from __future__ import annotations

from harness.collate import Leaderboard

FOLDER = "entries"


def files(board: Leaderboard) -> dict[str, str]:
    """Return the pages by their names below the output folder."""
    return {}
