"""The reasons of failed cells as lines: each reason once, with the cells that failed for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.results import plain
from harness.results.record import Record, log_of

CELLS = 5  # named per reason
REASONS = 20  # named in all


def lines(folder: Path, records: Iterable[Record]) -> Iterator[str]:
    """Yield one line per reason, with the cells that failed for it and the log of the first that has one.

    `records` are of the folder; those of cells that did not fail are left out. After REASONS reasons, one line counts
    the cells that are not named.
    """
    cells_by_reason: dict[str, list[str]] = {}
    logs: dict[str, str] = {}
    for record in records:
        if record.status != "failed":
            continue
        reason = plain.clean_line(record.reason) or "no reason recorded"
        cells_by_reason.setdefault(reason, []).append(plain.clean_line(record.name))
        if reason not in logs and (log := log_of(folder, record)):
            logs[reason] = f" (log: {plain.clean_line(log)})"
    groups = list(cells_by_reason.items())
    for reason, cells in groups[:REASONS]:
        more = f" and {len(cells) - CELLS} more" if len(cells) > CELLS else ""
        yield f"failed: {', '.join(cells[:CELLS])}{more}: {reason}{logs.get(reason, '')}"
    if others := [cell for _, cells in groups[REASONS:] for cell in cells]:
        yield f"failed: {len(others)} more cells, for {len(groups) - REASONS} other reasons"
