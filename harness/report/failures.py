"""The reasons of failed cells, for folders in which no cell is done and which have no leaderboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.results import plain
from harness.results.record import log_of, read_all

NAMED = 5  # cells listed per reason


def lines(folder: Path) -> Iterator[str]:
    """Yield one line per reason, with the cells that failed for it and the log of the first that has one."""
    cells_by_reason: dict[str, list[str]] = {}
    logs: dict[str, str] = {}
    for record in read_all(folder):
        if record.status == "failed":
            reason = plain.clean_line(record.reason) or "no reason recorded"
            cell = plain.clean_line(f"{record.entry}/{record.language}/{record.seed}")
            cells_by_reason.setdefault(reason, []).append(cell)
            if log := log_of(folder, record):
                logs.setdefault(reason, f" (log: {plain.clean_line(log)})")
    for reason, cells in cells_by_reason.items():
        more = f" and {len(cells) - NAMED} more" if len(cells) > NAMED else ""
        yield f"failed: {', '.join(cells[:NAMED])}{more}: {reason}{logs.get(reason, '')}"
