"""Where the files of a suite are, and whether they are the ones that its manifest means.

A file is looked for in the user's data folder, then among the files that travel with the package, then in the
cache. Whatever is found is verified by size and sha256 before it is read; nothing is fetched unless asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from harness.errors import DataError, unknown
from harness.keys import file_sha256
from harness.manifest import File
from harness.resources import manifests
from harness.suite import Suite


@dataclass(frozen=True)
class FileStatus:
    """One file of one language; `place` is where it was found, or where it comes from when it was not."""

    language: str
    file: str
    state: Literal["present", "missing", "damaged"]
    bytes: int
    sha256: str
    place: str


def locate(file: File, *, data_dir: Path | None, cache_dir: Path, suite: str = "SUITE") -> Path:
    """Return the verified place of a file; `suite` is named in what an error says to do next.

    Raises DataError where the file is nowhere, cannot be read, or is not the one that the manifest means.
    """
    path = find(file, data_dir=data_dir, cache_dir=cache_dir)
    if path is None:
        raise DataError(f"data file {file.path} of suite {suite} is missing; {remedy(file, suite)}")
    verify(file, path, remedy(file, suite) if path == home(file, cache_dir) else "replace or delete that file")
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
    try:
        size, found = path.stat().st_size, file_sha256(path)
    except OSError as error:
        raise DataError(f"data file {path} cannot be read: {error.strerror}; check its permissions") from error
    if (size, found) != (file.bytes, file.sha256):
        expected = f"sha256 {file.sha256} ({file.bytes} bytes)"
        raise DataError(f"data file {path} is damaged: expected {expected}, found {found} ({size} bytes); {remedy}")


def declared(suite: Suite, languages: Iterable[str] | None = None) -> Iterator[tuple[str, File]]:
    """Yield (language, file) for all files of those languages, or of all; raises RequestError for an unknown one."""
    for language in sorted(suite.languages) if languages is None else languages:
        if language not in suite.languages:
            raise unknown("language", language, suite.languages, f"suite {suite.name}")
        for source in (suite.languages[language].retrieval, suite.languages[language].nli):
            for file in source.files if source else ():
                yield language, file


def status(
    suite: Suite, languages: Iterable[str] | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> list[FileStatus]:
    """Return the state of every file; raises RequestError for an unknown language, never for a bad file."""
    return [state_of(language, file, data_dir, cache_dir) for language, file in declared(suite, languages)]


def state_of(language: str, file: File, data_dir: Path | None, cache_dir: Path) -> FileStatus:
    """Return the state of one file of one language."""
    path = find(file, data_dir=data_dir, cache_dir=cache_dir)
    if path is None:
        return FileStatus(language, file.path, "missing", file.bytes, file.sha256, file.url or "the package")
    try:
        verify(file, path, "")
    except DataError:
        return FileStatus(language, file.path, "damaged", file.bytes, file.sha256, str(path))
    return FileStatus(language, file.path, "present", file.bytes, file.sha256, str(path))


def fetch(
    suite: Suite, languages: Iterable[str] | None = None, *, data_dir: Path | None = None, cache_dir: Path
) -> list[FileStatus]:
    """Download into the cache what is missing or damaged there; return the state of every file, all present.

    Raises DataError where a file cannot be fetched, has a wrong hash (nothing of it is left behind), or is damaged
    in a folder that is not the cache.
    """
    wanted = list(declared(suite, languages))
    for _, file in wanted:
        target = home(file, cache_dir)
        path = find(file, data_dir=data_dir, cache_dir=cache_dir)
        if file.url is None or path not in (None, target):
            locate(file, data_dir=data_dir, cache_dir=cache_dir, suite=suite.name)
        elif path is None or state_of("", file, None, cache_dir).state == "damaged":
            _download(file.url, file, target, cache_dir)
    return [state_of(language, file, data_dir, cache_dir) for language, file in wanted]


def _download(url: str, file: File, target: Path, cache_dir: Path) -> None:
    os.environ.setdefault("IR_DATASETS_HOME", str(cache_dir / "ir_datasets"))  # its import makes that folder
    try:
        target.unlink(missing_ok=True)
        cache_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}; choose another cache folder") from error
    from harness.data.download import download

    download(url, file.sha256, target)
