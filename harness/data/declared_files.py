"""Files that a manifest declares by path and hash: sha256 with the size, or the hash of a git blob.

A file is searched for in the user's data folder, then beside the manifest of a suite that is named by its path (of a
symbolic link, beside the link and then beside its target), then in the package (if it is not downloaded) or in the
cache. Nothing is downloaded except by `fetch`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeGuard

from harness.data.file_status import FileStatus, Lookup, check_data_dir, first_file, hash_state, unreadable
from harness.errors import DataChanged, DataError
from harness.keys import git_blob_sha1
from harness.machine.bundled import manifests
from harness.machine.file_hashes import file_sha256
from harness.request.data_sources import File, PublishedRows

Declared = File | PublishedRows


def path_of(file: Declared, lookup: Lookup) -> Path:
    """Return the path of a file, verified unless `lookup.unverified`.

    Raises DataError if the file is missing, cannot be read, or differs from the manifest's.
    """
    path = verified_if_present(file, lookup)
    if path is None:
        raise DataError(f"data file {file.path} of suite {lookup.suite} is missing; {_where_to_put(file, lookup)}")
    if not file.hash and not lookup.unverified:
        raise DataError(f"data file {path} was not there when the run was planned; rerun the command")
    return path


def verified_if_present(file: Declared, lookup: Lookup) -> Path | None:
    """Return the path of a file, verified unless `lookup.unverified`; None if it is missing.

    Raises DataError if it cannot be read, or differs from the manifest's.
    """
    path = find(file, lookup)
    if path is not None and file.hash and not lookup.unverified:
        verify(file, path, f"{_how_to_restore(file, path, lookup)}, or accept it with --unverified-data")
    return path


def _where_to_put(file: Declared, lookup: Lookup) -> str:
    if file.address is not None:
        return f"run `harness data fetch {lookup.argument}`, or pass --data-dir DIR with a folder that holds it"
    elsewhere = f"put the file at DIR/{file.path} and pass --data-dir DIR"
    if _is_published(file):
        return f"its hash is not known, so nothing fetches it: download {file.published}, and {elsewhere}"
    if lookup.folders:
        return f"put it at {lookup.folders[0] / file.path}, or {elsewhere}"
    return f"it is part of the package: reinstall it, or {elsewhere}"


def _is_published(file: Declared) -> TypeGuard[File]:
    return isinstance(file, File) and file.published is not None


def _how_to_restore(file: Declared, path: Path, lookup: Lookup) -> str:
    if path == default_path(file, lookup.cache_dir):
        return _where_to_put(file, lookup)
    if file.address is None and lookup.folders:
        return f"restore it, or declare it as it is now with `harness data pin {lookup.argument}`"
    return "replace or delete that file"


def find(file: Declared, lookup: Lookup) -> Path | None:
    """Return the first existing file of that name, whatever its content; None if there is none."""
    candidates = []
    if lookup.data_dir is not None:
        check_data_dir(lookup.data_dir)
        candidates.append(lookup.data_dir / file.path)
        if file.url is not None or _is_published(file):  # bundled files of different languages share their names
            candidates.append(lookup.data_dir / PurePosixPath(file.path).name)
    candidates += [folder / file.path for folder in lookup.folders]
    return first_file([*candidates, default_path(file, lookup.cache_dir)])


def default_path(file: Declared, cache_dir: Path) -> Path:
    """Return the path of a bundled file in the package, or of a downloaded one in the cache, named by its content."""
    if file.address is None:
        return manifests() / file.path
    return cache_dir / "data" / file.hash.partition(":")[2][:16] / PurePosixPath(file.path).name


def verify(file: Declared, path: Path, remedy: str) -> None:
    """Raise DataChanged, which ends with `remedy`, if the file at `path` differs from the declared one."""
    size, actual = _measure(path, file)
    if actual != file.hash or size != (file.bytes or size):
        kind, _, value = file.hash.partition(":")
        expected = f"{kind} {value} ({file.bytes or 'any number of'} bytes)"
        found = actual.partition(":")[2]
        raise DataChanged(f"data file {path} is damaged: expected {expected}, found {found} ({size} bytes); {remedy}")


def _measure(path: Path, file: Declared) -> tuple[int, str]:
    """Return the size of the file at `path` and its hash of the declared kind; raises DataError if it is unreadable."""
    kind = file.hash.partition(":")[0] or "sha256"
    try:
        return path.stat().st_size, f"{kind}:{git_blob_sha1(path) if kind == 'git' else file_sha256(path)}"
    except OSError as error:
        raise unreadable(path, error) from error


def status(file: Declared, language: str, lookup: Lookup) -> FileStatus:
    """Return the state of one file of one language; raises DataError if it cannot be read."""
    path = find(file, lookup)
    if path is None:
        local = str(lookup.folders[0] / file.path) if lookup.folders else "the package"
        local = str(file.published) if _is_published(file) else local
        return FileStatus(language, file.path, "missing", file.bytes, file.hash, file.address or local)
    size, actual = _measure(path, file)
    state = hash_state(file.hash, actual) if size == (file.bytes or size) else "damaged"
    return FileStatus(language, file.path, state, size, file.hash, str(path), actual)


def fetch(file: Declared, lookup: Lookup) -> None:
    """Download a file into the cache if it is missing or damaged there.

    Raises DataError if it cannot be downloaded, or if it is damaged in a folder that is not the cache.
    """
    target = default_path(file, lookup.cache_dir)
    path = find(file, lookup)
    if file.address is None or path not in (None, target):
        path_of(file, lookup)
    elif path is None or status(file, "", lookup).state == "damaged":
        _download(file.address, file, target, lookup.cache_dir)


def _download(url: str, file: Declared, target: Path, cache_dir: Path) -> None:
    try:
        target.unlink(missing_ok=True)
        cache_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}; choose another cache folder") from error
    with _ir_datasets_home(cache_dir / "ir_datasets"):
        from harness.data.download import download, download_git_blob
    kind, _, value = file.hash.partition(":")
    if kind == "git":
        download_git_blob(url, value, target, file.bytes)
    else:
        download(url, value, target, size=file.bytes)


@contextmanager
def _ir_datasets_home(folder: Path) -> Iterator[None]:
    """Let ir_datasets create its folders in `folder` when it is imported, unless the user has set IR_DATASETS_HOME."""
    name = "IR_DATASETS_HOME"
    configured = os.environ.get(name)
    os.environ.setdefault(name, str(folder))
    try:
        yield
    finally:
        if configured is None:
            del os.environ[name]
