"""Tables of run.json and of records, {} in place of a missing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.evidence.leaderboard import Leaderboard


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that is a table, {} in place of any other value."""
    return value if isinstance(value, Mapping) else {}


def first_table(board: Leaderboard, name: str) -> Mapping[str, Any]:
    """Return a table of the first record that has it."""
    return next((table for record in board.records if (table := record.table(name))), {})
