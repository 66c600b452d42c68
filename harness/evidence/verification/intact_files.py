"""Whether the files of a result folder are those that were written, by its list of files and by its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness.results import record
from harness.results.checksums import Difference, differences, files_below
from harness.results.stored_files import intact_as_published, is_left_out


@dataclass(frozen=True)
class CheckedFiles:
    """How many files there are, the list included, and which are changed, missing or not listed.

    `unpublished` counts records whose ranking is neither in the folder nor in its list.
    """

    files: int
    differences: Sequence[Difference]
    unpublished: int


def check_files(folder: Path) -> CheckedFiles:
    """Return what differs below a folder; a record that names other files than those beside it differs too."""
    differing = differences(folder)
    named, unpublished = {difference.file for difference in differing}, 0
    present = files_below(folder)
    for name in (name for name in present if name.startswith(f"{record.RECORDS}/") and name.endswith(".json")):
        try:
            stored = record.read(folder / name, folder)
            intact = name in named or intact_as_published(folder, stored)
            unpublished += is_left_out(folder, stored)
        except DataError:
            intact = False
        beside = {name.removesuffix("json") + suffix for suffix in (record.PER_QUERY, record.RUN)}
        if not intact and not beside & named:
            differing.append(Difference(name, "names other files than those beside it"))
    return CheckedFiles(len(present) + 1, differing, unpublished)
