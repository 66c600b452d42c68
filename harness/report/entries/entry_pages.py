"""A page an entry below the leaderboard (entries/ENTRY.html): what it is, and every one of its cells."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from harness.evidence.leaderboard import Leaderboard
from harness.machine.garbage import no_collection
from harness.report import table_view
from harness.report.entries import entry_cells
from harness.report.entries import entry_summary as entry_about
from harness.report.page_scripts import page_script
from harness.report.templating import render
from harness.results.record import Record

FOLDER = "entries"
TEMPLATE = "entry.html.j2"


def files(folder: Path, board: Leaderboard, others: Collection[str] = ()) -> dict[str, str]:
    """Return the pages by their names below the output folder, those of entries of which every cell failed too.

    `others` are the names of the report's other pages, which these lead to.
    """
    entries: dict[str, list[Record]] = {}
    for record in (*board.records, *board.failures):
        entries.setdefault(record.entry, []).append(record)
    copy = page_script(["copy.js"])
    content = {}
    with no_collection():
        for entry, records in sorted(entries.items()):
            about = entry_about.of_records(records, entries.keys())
            cells = entry_cells.of_records(folder, board, records, others)
            page = render(TEMPLATE, board=board, about=about, cells=cells, script=copy, data=None)
            content[f"{FOLDER}/{table_view.file_of(entry)}"] = page
    return content
