"""Why cells failed, where no cell is done and so there is no leaderboard to say it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.report import plain
from harness.results.record import read_all

NAMED = 5  # cells of one reason


def lines(folder: Path) -> Iterator[str]:
    """Yield each reason with the cells that failed for it."""
    reasons: dict[str, list[str]] = {}
    for record in read_all(folder):
        if record.status == "failed":
            reason = plain.clean_line(record.reason) or "no reason recorded"
            reasons.setdefault(reason, []).append(plain.clean_line(f"{record.entry}/{record.language}/{record.seed}"))
    for reason, cells in reasons.items():
        more = f" and {len(cells) - NAMED} more" if len(cells) > NAMED else ""
        yield f"failed: {', '.join(cells[:NAMED])}{more}: {reason}"
