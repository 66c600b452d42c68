"""The pages of entries as files: entries/ENTRY.html."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from harness.evidence.leaderboard import Leaderboard
from harness.machine.garbage import no_collection
from harness.report.entries.entry_cells import entry_cells
from harness.report.entries.entry_summary import entry_summary
from harness.report.page_links import entry_file
from harness.report.page_scripts import page_script
from harness.report.templating import render
from harness.results.record import Record

FOLDER = "entries"
TEMPLATE = "entry.html.j2"


def files(folder: Path, board: Leaderboard, pages: Collection[str] = ()) -> dict[str, str]:
    """Return file name, relative to the output folder → page; entries with failed cells only have a page too.

    `pages` are the names of the report's other pages, which these link to.
    """
    records_by_entry: dict[str, list[Record]] = {}
    for record in (*board.records, *board.failures):
        records_by_entry.setdefault(record.entry, []).append(record)
    copy_script = page_script(["copy.js"])
    content = {}
    with no_collection():
        for entry, records in sorted(records_by_entry.items()):
            summary = entry_summary(records, records_by_entry.keys())
            view = entry_cells(folder, board, records, pages)
            page = render(TEMPLATE, board=board, entry=summary, view=view, script=copy_script, data=None)
            content[f"{FOLDER}/{entry_file(entry)}"] = page
    return content
