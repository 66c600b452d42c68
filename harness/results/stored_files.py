"""Which files of a record are not as it was written: changed, missing, or left out of a published folder.

A folder may be published without rankings, which are large. Its list of files then has no line for them, and the record
still holds the sha256 of each. A ranking that is in the list, or in a folder without a list, is missing.
"""

from __future__ import annotations

import os
from pathlib import Path

from harness.machine import plain_files
from harness.results.checksums import leaves_out
from harness.results.record import RUN, Record, beside

LEFT_OUT = "its ranking was left out of this folder"


def is_left_out(folder: Path, record: Record) -> bool:
    """Return whether the ranking of a record was left out of a folder on purpose."""
    return unpublished(folder, record) and leaves_out(folder, record.file(RUN))


def problem(folder: Path, record: Record) -> str:
    """Return what is wrong with the files of a record, "" where all of them are as they were written."""
    for suffix, sha256 in record.files.items():
        path = beside(record.path(folder), suffix)
        if suffix == RUN and is_left_out(folder, record):
            return LEFT_OUT
        if not plain_files.is_plain(folder, record.file(suffix)):
            return f"{path} is missing"
        if not has_sha256(folder, record.file(suffix), sha256):
            return f"{path} was changed after it was written"
    return ""


def intact(folder: Path, record: Record) -> bool:
    """Return whether all files that a record names exist and have the sha256 in the record."""
    return not unpublished(folder, record) and intact_as_published(folder, record)


def intact_as_published(folder: Path, record: Record) -> bool:
    """Return the same for a folder that may have been published without its rankings."""
    absent = {RUN} if unpublished(folder, record) else set()
    return all(
        has_sha256(folder, record.file(suffix), sha256)
        for suffix, sha256 in record.files.items()
        if suffix not in absent
    )


def has_sha256(folder: Path, name: str, sha256: str) -> bool:
    """Return whether a plain file below a folder has that sha256; one that cannot be read has none."""
    try:
        return plain_files.sha256(folder, name) == sha256
    except OSError:
        return False


def unpublished(folder: Path, record: Record) -> bool:
    """Return whether the ranking that a record names is absent; the record still holds its sha256."""
    return RUN in record.files and not os.path.lexists(beside(record.path(folder), RUN))
