"""Files that a manifest declares without their hash: the hash as found takes its place, before anything is keyed by it.

From then on they are as declared ones: a file that changes gives other keys, and is noticed when a folder is verified.
"""

from __future__ import annotations

from pathlib import Path

from harness.data import declared_files
from harness.data.file_status import Lookup, unreadable
from harness.data.suite_files import lookup_of
from harness.machine.file_hashes import file_sha256
from harness.request.data_sources import SOURCE_ROLES, File, Language, Source
from harness.request.suite import Suite


def with_found_hashes(suite: Suite, *, data_dir: Path | None, cache_dir: Path) -> Suite:
    """Return the suite with hash and size of every file on this machine that is declared without them.

    `found` of the suite names these files. A missing file stays as it is: reading it is an error.
    """
    lookup = lookup_of(suite, data_dir, cache_dir)
    languages, found = {}, {}
    for name, declared in suite.languages.items():
        languages[name] = _language(declared, lookup)
        if files := _changed(declared, languages[name]):
            found[name] = files
    return suite.model_copy(update={"languages": languages, "found": found}) if found else suite


def _language(declared: Language, lookup: Lookup) -> Language:
    changes = {}
    for role in SOURCE_ROLES:
        source: Source | None = getattr(declared, role)
        if source is not None and not all(map(_is_pinned, source.files)):
            files = tuple(file if _is_pinned(file) else as_found(file, lookup) for file in source.files)
            changes[role] = source.model_copy(update={"files": files})
    return declared.model_copy(update=changes) if changes else declared


def _is_pinned(file: File) -> bool:
    return file.sha256 is not None and file.bytes is not None


def as_found(file: File, lookup: Lookup) -> File:
    """Return a file with the hash and the size that it has now where they are not declared; unchanged if missing.

    Raises DataError for a file that cannot be read.
    """
    path = declared_files.find(file, lookup)
    if path is None:
        return file
    try:
        update = {"sha256": file.sha256 or file_sha256(path), "bytes": file.bytes or path.stat().st_size}
    except OSError as error:
        raise unreadable(path, error) from error
    return file.model_copy(update=update)


def _changed(declared: Language, now: Language) -> tuple[str, ...]:
    """Return the paths of the files whose hash was found, each once."""
    pairs = zip(_files(declared), _files(now), strict=True)
    return tuple(dict.fromkeys(file.path for file, filled in pairs if file != filled))


def _files(language: Language) -> list[File]:
    sources: list[Source | None] = [getattr(language, role) for role in SOURCE_ROLES]
    return [file for source in sources if source is not None for file in source.files]
