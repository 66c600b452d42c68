"""The files of a suite, whatever their origin: declared in the manifest, pinned by ir_datasets, or on the hub.

Every file is verified before it is read; only `fetch` uses the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.data import declared_files, hub_datasets, ir_datasets_files
from harness.data.file_status import FileStatus, Lookup
from harness.errors import unknown
from harness.request.data_sources import SOURCE_ROLES, PublishedRows, Source
from harness.request.suite import Suite


def lookup_of(suite: Suite, data_dir: Path | None, cache_dir: Path, language: str | None = None) -> Lookup:
    """Return where a suite's files are searched for; of a language, whether it accepts unverified ones."""
    accepted = language in suite.unverified
    return Lookup(data_dir, cache_dir, suite.name, unverified=accepted, folders=suite.folders, given=suite.given)


def paths(source: Source, language: str, lookup: Lookup) -> list[Path]:
    """Return the verified paths of a source's files, in the order that its reader expects.

    Raises DataError for the first that is missing or, unless `lookup.unverified`, differs from the manifest's.
    """
    if source.ir_datasets is not None:
        return ir_datasets_files.paths(source.ir_datasets, source.reader, language, lookup)
    if source.hub is not None:
        return hub_datasets.paths(source.hub, language, lookup)
    return [declared_files.path_of(file, lookup) for file in source.files]


def check_declared(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> None:
    """Raise DataError for a declared file that differs from the manifest's; a missing one is no error.

    Prepared data are cached under the declared hashes, and so would hide that a file was edited.
    """
    lookup = lookup_of(suite, data_dir, cache_dir, language)
    for _, source in sources(suite, [language]):
        for file in source.files:
            declared_files.verified_if_present(file, lookup)
    for _, rows in published_rows(suite, [language]):
        declared_files.verified_if_present(rows, lookup)


def sources(suite: Suite, languages: Iterable[str] | None = None) -> Iterator[tuple[str, Source]]:
    """Yield (language, source) for all sources of the languages (all by default).

    Raises RequestError for a language that the suite does not have.
    """
    for language in sorted(suite.languages) if languages is None else languages:
        if language not in suite.languages:
            raise unknown("language", language, suite.languages, f"suite {suite.name}")
        declared = suite.languages[language]
        for source in (getattr(declared, role) for role in SOURCE_ROLES):
            if source is not None:
                yield language, source


def published_rows(suite: Suite, languages: Iterable[str] | None = None) -> list[tuple[str, PublishedRows]]:
    """Return (language, training rows of a paper's authors) for the languages that have them (all by default)."""
    chosen = sorted(suite.languages) if languages is None else languages
    declared = ((language, suite.languages[language].published_rows) for language in chosen)
    return [(language, rows) for language, rows in declared if rows is not None]


def status(
    suite: Suite, languages: Iterable[str] | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> list[FileStatus]:
    """Return the state of every file.

    Raises RequestError for an unknown language, DataError for a file that cannot be read; damage is a state.
    """
    lookup = lookup_of(suite, data_dir, cache_dir)
    rows = [row for language, source in sources(suite, languages) for row in _states(source, language, lookup)]
    published = published_rows(suite, languages)
    return rows + [declared_files.status(file, language, lookup) for language, file in published]


def _states(source: Source, language: str, lookup: Lookup) -> Iterator[FileStatus]:
    if source.ir_datasets is not None:
        yield from ir_datasets_files.states(source.ir_datasets, source.reader, language, lookup)
    elif source.hub is not None:
        yield from hub_datasets.states(source.hub, language)
    for file in source.files:
        yield declared_files.status(file, language, lookup)


def fetch(
    suite: Suite, languages: Iterable[str] | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> list[FileStatus]:
    """Download missing and damaged files, each into the cache of its origin; return the state of every file.

    Raises DataError if a file cannot be downloaded, has a wrong hash (nothing of it is kept), or is damaged in a
    folder of the user's.
    """
    lookup = lookup_of(suite, data_dir, cache_dir)
    languages = list(suite.languages if languages is None else languages)
    for language, source in list(sources(suite, languages)):
        if source.ir_datasets is not None:
            ir_datasets_files.fetch(source.ir_datasets, source.reader, language, lookup)
        elif source.hub is not None:
            hub_datasets.fetch(source.hub, language)
        for file in source.files:
            declared_files.fetch(file, lookup)
    for _, rows in published_rows(suite, languages):
        declared_files.fetch(rows, lookup)
    return status(suite, languages, data_dir=data_dir, cache_dir=cache_dir)
