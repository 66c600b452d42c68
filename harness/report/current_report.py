"""Whether the report in a folder is the one that would be written again now, so that a finished run need not write it.

It is where all files are as listed in SHA256SUMS, which is written with the report, and all formats were written by
what writes reports here (harness.report.generator), with the settings of `harness run`. Texts that were not shown,
or not apart from titles, may be at hand now; only then are they looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.machine import plain_files
from harness.machine.json_toml import parse_json
from harness.report.generator import generator
from harness.report.report_formats import Format, file_name
from harness.report.report_settings import joined_of, read_report_settings, reasons_of
from harness.report.terminal import stored_table
from harness.results import checksums
from harness.stats.entry_scores import BASE

if TYPE_CHECKING:
    from rich.table import Table

    from harness.evidence.texts import Texts


def current_table(folder: Path, find: Callable[[], Texts]) -> Table | None:
    """Return the terminal's table of a folder whose report is current and complete, otherwise None.

    `find` returns the texts that a page of the folder would show.
    """
    try:
        if not _is_current(folder, find) or checksums.differences(folder):
            return None
        document = parse_json(plain_files.read(folder, file_name(Format.json), "TABLE_BYTES"))
    except (DataError, OSError, ValueError):  # the folder has no report, or a damaged one
        return None
    return stored_table(document) if isinstance(document, dict) and document.get("complete") else None


def _is_current(folder: Path, find: Callable[[], Texts]) -> bool:
    settings = read_report_settings(folder)
    if set(settings) != set(Format):
        return False
    page = settings[Format.html]
    as_run = [written.baseline == BASE and written.formats == tuple(Format) for written in settings.values()]
    if not all(as_run) or any(dict(written.generator) != generator() for written in settings.values()):
        return False
    if page.texts is None or not page.show_texts:  # written by `harness report --no-texts`
        return False
    if not any(page.texts.values()) and not page.joined:
        return True
    texts = find()
    return dict(page.texts) == reasons_of(texts) and page.joined == joined_of(texts)
