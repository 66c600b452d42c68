"""Data that are not the manifest's, accepted by the user's word: they run under keys of their own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.data.file_status import FileStatus
from harness.data.load import differs, without_nli
from harness.data.locate import status
from harness.errors import DataError
from harness.keys import digest
from harness.request.suite import Suite


def accepted(
    suite: Suite, languages: Iterable[str], *, data_dir: Path | None = None, cache_dir: Path
) -> dict[str, str]:
    """Return language → digest of its files, for those whose files or counts differ from the manifest's.

    Where all hashes are right the whole corpus is read, for its count may be another than the manifest's. A file that
    is missing is passed over: a language may do without its NLI set, and where it cannot, reading says so.
    """
    found = {}
    for language in languages:
        rows = status(suite, [language], data_dir=data_dir, cache_dir=cache_dir)
        missing = {row.file for row in rows if row.state == "missing"}
        damaged = any(row.state == "damaged" for row in rows)
        readable = without_nli(suite, language) if missing else suite
        if not damaged and missing:
            bare = status(readable, [language], data_dir=data_dir, cache_dir=cache_dir)
            if any(row.file in missing for row in bare):
                continue
        if damaged or differs(readable, language, data_dir=data_dir, cache_dir=cache_dir):
            found[language] = _digest(rows)
    return found


def check_unchanged(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> None:
    """Raise DataError where the files of a language are no longer those that were accepted, where any were."""
    if language not in suite.unverified:
        return
    if _digest(status(suite, [language], data_dir=data_dir, cache_dir=cache_dir)) != suite.unverified[language]:
        raise DataError(
            f"{suite.name}/{language}: the files have changed since the run was planned; give the command again"
        )


def _digest(rows: Iterable[FileStatus]) -> str:
    """Return one digest of the names and hashes of what is there; the place of a file plays no part."""
    return digest([[row.file, row.found] for row in rows if row.state != "missing"])
