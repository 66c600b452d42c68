"""Where the files of a suite are, and whether they are the ones that its manifest means.

A declared file is looked for in the user's data folder, then among the files that travel with the package, then in
the cache, and verified by size and sha256; see `pinned` for those of ir_datasets and `hub` for those of the hub.
Whatever is found is verified before it is read; nothing is fetched unless asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from harness.data import hub_cache, pinned
from harness.data.file_status import FileStatus, State, Where
from harness.errors import DataError, unknown
from harness.keys import file_sha256
from harness.machine.bundled import manifests
from harness.request.manifest import File, Source
from harness.request.suite import Suite


def paths(source: Source, language: str, where: Where) -> list[Path]:
    """Return the verified places of a source's files, in the order that its reader wants.

    Raises DataError for the first that is missing, or has another content (`where.accept` takes that).
    """
    if source.ir_datasets is not None:
        return pinned.locate(source.ir_datasets, source.reader, language, where)
    if source.hub is not None:
        return hub_cache.locate(source.hub, language, where)
    return [_place(file, where) for file in source.files]


def _place(file: File, where: Where) -> Path:
    path = find(file, data_dir=where.data_dir, cache_dir=where.cache_dir)
    if path is not None and where.accept:
        return path
    return locate(file, data_dir=where.data_dir, cache_dir=where.cache_dir, suite=where.suite)


def locate(file: File, *, data_dir: Path | None, cache_dir: Path, suite: str = "SUITE") -> Path:
    """Return the verified place of a file; `suite` is named in what an error says to do next.

    Raises DataError where the file is nowhere, cannot be read, or is not the one that the manifest means.
    """
    path = find(file, data_dir=data_dir, cache_dir=cache_dir)
    if path is None:
        raise DataError(f"data file {file.path} of suite {suite} is missing; {remedy(file, suite)}")
    action = remedy(file, suite) if path == home(file, cache_dir) else "replace or delete that file"
    verify(file, path, f"{action}, or take it as it is with --unverified-data")
    return path


def remedy(file: File, suite: str) -> str:
    """Return what brings a missing file."""
    if file.url is None:
        return f"it travels with the package: install it again, or put the file at DIR/{file.path} with --data-dir DIR"
    return f"run `harness data fetch {suite}`, or name a folder that holds it with --data-dir DIR"


def find(file: File, *, data_dir: Path | None, cache_dir: Path) -> Path | None:
    """Return the first place where there is a file of that name, right or wrong; None where there is none."""
    if data_dir is not None and not data_dir.is_dir():
        raise DataError(f"data folder {data_dir} is not a folder; correct --data-dir")
    places = []
    if data_dir is not None:
        places.append(data_dir / file.path)
        if file.url is not None:  # the names of bundled files repeat from language to language
            places.append(data_dir / PurePosixPath(file.path).name)
    places.append(home(file, cache_dir))
    return next((path for path in places if path.is_file()), None)


def home(file: File, cache_dir: Path) -> Path:
    """Return where a bundled file lies in the package, or a fetched one, by its content, in the cache."""
    if file.url is None:
        return manifests() / file.path
    return cache_dir / "data" / file.sha256[:16] / PurePosixPath(file.path).name


def verify(file: File, path: Path, remedy: str) -> None:
    """Raise DataError, with `remedy` as what to do next, where the file at `path` has other bytes than declared."""
    size, found = measured(path)
    if (size, found) != (file.bytes, file.sha256):
        expected = f"sha256 {file.sha256} ({file.bytes} bytes)"
        raise DataError(f"data file {path} is damaged: expected {expected}, found {found} ({size} bytes); {remedy}")


def measured(path: Path) -> tuple[int, str]:
    """Return size and sha256 of a file; raises DataError for one that cannot be read."""
    try:
        return path.stat().st_size, file_sha256(path)
    except OSError as error:
        raise DataError(f"data file {path} cannot be read: {error.strerror}; check its permissions") from error


def sources(suite: Suite, languages: Iterable[str] | None = None) -> Iterator[tuple[str, Source]]:
    """Yield (language, source) for all sources of those languages, or of all; RequestError for an unknown language."""
    for language in sorted(suite.languages) if languages is None else languages:
        if language not in suite.languages:
            raise unknown("language", language, suite.languages, f"suite {suite.name}")
        declared = suite.languages[language]
        for source in (declared.retrieval, declared.training, declared.nli):
            if source is not None:
                yield language, source


def status(
    suite: Suite, languages: Iterable[str] | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> list[FileStatus]:
    """Return the state of every file; raises RequestError for an unknown language, never for a bad file."""
    where = Where(data_dir, cache_dir, suite.name)
    return [row for language, source in sources(suite, languages) for row in states(source, language, where)]


def states(source: Source, language: str, where: Where) -> Iterator[FileStatus]:
    """Yield the state of every file of a source."""
    if source.ir_datasets is not None:
        yield from pinned.states(source.ir_datasets, source.reader, language, where)
    elif source.hub is not None:
        yield from hub_cache.states(source.hub, language, where)
    for file in source.files:
        yield state_of(language, file, where.data_dir, where.cache_dir)


def state_of(language: str, file: File, data_dir: Path | None, cache_dir: Path) -> FileStatus:
    """Return the state of one declared file of one language; raises DataError for one that cannot be read."""
    path, expected = find(file, data_dir=data_dir, cache_dir=cache_dir), f"sha256:{file.sha256}"
    if path is None:
        return FileStatus(language, file.path, "missing", file.bytes, expected, file.url or "the package")
    size, found = measured(path)
    state: State = "present" if (size, found) == (file.bytes, file.sha256) else "damaged"
    return FileStatus(language, file.path, state, size, expected, str(path), f"sha256:{found}")


def fetch(
    suite: Suite, languages: Iterable[str] | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> list[FileStatus]:
    """Download what is missing or damaged, each origin into its own cache; return the state of every file, all present.

    Raises DataError where a file cannot be fetched, has a wrong hash (nothing of it is left behind), or is damaged
    in a folder of the user's.
    """
    where = Where(data_dir, cache_dir, suite.name)
    for language, source in list(sources(suite, languages)):
        if source.ir_datasets is not None:
            pinned.fetch(source.ir_datasets, source.reader, language, where)
        elif source.hub is not None:
            hub_cache.fetch(source.hub, language, where)
        for file in source.files:
            _fetch(file, where)
    return status(suite, languages, data_dir=data_dir, cache_dir=cache_dir)


def _fetch(file: File, where: Where) -> None:
    target = home(file, where.cache_dir)
    path = find(file, data_dir=where.data_dir, cache_dir=where.cache_dir)
    if file.url is None or path not in (None, target):
        locate(file, data_dir=where.data_dir, cache_dir=where.cache_dir, suite=where.suite)
    elif path is None or state_of("", file, None, where.cache_dir).state == "damaged":
        _download(file.url, file, target, where.cache_dir)


def _download(url: str, file: File, target: Path, cache_dir: Path) -> None:
    try:
        target.unlink(missing_ok=True)
        cache_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}; choose another cache folder") from error
    with _home_of_ir_datasets(cache_dir / "ir_datasets"):
        from harness.data.download import download
    download(url, file.sha256, target)


@contextmanager
def _home_of_ir_datasets(folder: Path) -> Iterator[None]:
    """Let ir_datasets make its folders in `folder` when it is imported, where the user has not said where."""
    name = "IR_DATASETS_HOME"
    given = os.environ.get(name)
    os.environ.setdefault(name, str(folder))
    try:
        yield
    finally:
        if given is None:
            del os.environ[name]
