"""Data that differ from the manifest's and that the user accepts with --unverified-data: they get their own keys."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.data.file_status import FileStatus
from harness.data.load import counts_differ, without_nli
from harness.data.suite_files import status
from harness.errors import DataError
from harness.keys import digest
from harness.request.suite import Suite


def unverified_digests(
    suite: Suite, languages: Iterable[str], *, data_dir: Path | None = None, cache_dir: Path
) -> dict[str, str]:
    """Return language → digest of its files, for the languages whose files or counts differ from the manifest's.

    If all hashes match, the whole corpus is read to count its passages. Languages with a missing file are left out:
    some work without their NLI set, and for the others the error comes when the data are read.
    """
    digests = {}
    for language in languages:
        rows = status(suite, [language], data_dir=data_dir, cache_dir=cache_dir)
        missing = {row.file for row in rows if row.state == "missing"}
        damaged = any(row.state == "damaged" for row in rows)
        readable = without_nli(suite, language) if missing else suite
        if not damaged and missing:
            needed = status(readable, [language], data_dir=data_dir, cache_dir=cache_dir)
            if any(row.file in missing for row in needed):
                continue
        if damaged or counts_differ(readable, language, data_dir=data_dir, cache_dir=cache_dir):
            digests[language] = _digest(rows)
    return digests


def check_unchanged(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> None:
    """Raise DataError if unverified files of a language have changed since they were accepted."""
    if language not in suite.unverified:
        return
    if _digest(status(suite, [language], data_dir=data_dir, cache_dir=cache_dir)) != suite.unverified[language]:
        raise DataError(f"{suite.name}/{language}: the files have changed since the run was planned; rerun the command")


def _digest(rows: Iterable[FileStatus]) -> str:
    """Return one digest of the names and hashes of the existing files, wherever they are."""
    return digest([[row.file, row.actual] for row in rows if row.state != "missing"])
