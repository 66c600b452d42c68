"""Files below a folder that a stranger may have made: only plain files are read, and no link is followed.

The folder is the user's choice and may itself be reached through links. Below it, a file is opened folder by folder,
none of them through a link, and only if it is a plain file: a pipe would block its reader, a device may have no end.
What is written has its place below the folder in the same way. Names are relative to the folder, with slashes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from harness.machine import bounded

LINK, OTHER, UNLISTED = "a link", "not a plain file", "a folder that cannot be listed"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotPlainError(OSError):
    """A link, a pipe, a device, or a name that leads out of its folder; `strerror` says which."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(errno.ELOOP, what, str(path))


def is_name(name: str) -> bool:
    """Return whether a name is that of a file below a folder: relative, without empty parts, `.` and `..`."""
    return "\0" not in name and not {"", ".", ".."} & set(name.split("/"))


def files(folder: Path, under: str = "") -> list[str]:
    """Return the names of all plain files below a folder, or below one of its folders, sorted."""
    return sorted(name for name, what in _below(folder, under) if not what)


def odd_files(folder: Path, under: str = "") -> dict[str, str]:
    """Return name → what it is, for all that is neither a plain file nor a folder of such; `under` included."""
    return dict(sorted((name, what) for name, what in _below(folder, under) if what))


def is_plain(folder: Path, name: str) -> bool:
    """Return whether there is a plain file of that name, and no link on the way to it."""
    try:
        with _parent(folder, name) as (parent, last):
            return stat.S_ISREG(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def opened(folder: Path, name: str) -> BufferedReader:
    """Return a plain file, open for reading; raises OSError, NotPlainError for anything else of that name."""
    with _parent(folder, name) as (parent, last):
        _check(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode, folder / name)
        descriptor = os.open(last, _FILE, dir_fd=parent)
    file = os.fdopen(descriptor, "rb")
    try:
        _check(os.fstat(descriptor).st_mode, folder / name)  # again: it may have been replaced
    except OSError:
        file.close()
        raise
    return file


def read(folder: Path, name: str, limit: str = "FILE_BYTES") -> bytes:
    """Return the content of a plain file, at most as large as the named limit; raises what `opened` raises."""
    with opened(folder, name) as file:
        return bounded.read_whole(file, f"{folder}/{name}", limit)


def sha256(folder: Path, name: str) -> str:
    """Return the sha256 of a plain file, read in blocks; raises what `opened` raises."""
    with opened(folder, name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(folder: Path, name: str, target: Path) -> None:
    """Copy a plain file below a folder to the same name below another; raises what `opened` and `place` raise."""
    with opened(folder, name) as source, place(target, name).open("xb") as copied:
        shutil.copyfileobj(source, copied)


def remove(folder: Path, name: str) -> None:
    """Remove a file or link; raises OSError where it is absent, or behind a link."""
    with _parent(folder, name) as (parent, last):
        os.unlink(last, dir_fd=parent)


def place(folder: Path, name: str) -> Path:
    """Return the path where a file of that name is written, its folders made.

    Raises NotPlainError where the name or a link leads out of the folder.
    """
    path = folder
    *folders, last = _parts(folder, name)
    for part in folders:
        path /= part
        check_folder(path)
    path.mkdir(parents=True, exist_ok=True)
    path /= last
    mode = _mode(path)
    if mode is not None and not stat.S_ISDIR(mode):  # what writes refuses a folder itself
        _check(mode, path)
    return path


def check_folder(path: Path) -> None:
    """Raise NotPlainError for what exists at a path and is not a folder, a link to one included."""
    mode = _mode(path)
    if mode is not None and not stat.S_ISDIR(mode):
        raise NotPlainError(path, f"{path.name} is {LINK if stat.S_ISLNK(mode) else 'not a folder'}")


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise NotPlainError(path, f"{path.name} is {LINK if stat.S_ISLNK(mode) else OTHER}")


def _parts(folder: Path, name: str) -> list[str]:
    if not is_name(name):
        raise NotPlainError(folder, f"{name[:80]!r} is not the name of a file below it")
    return name.split("/")


@contextmanager
def _parent(folder: Path, name: str) -> Iterator[tuple[int, str]]:
    """Yield a descriptor of the folder that holds a file, and the last part of its name."""
    *folders, last = _parts(folder, name)
    descriptor, path = os.open(folder, _FOLDER), folder
    try:
        for part in folders:
            path /= part
            if stat.S_ISLNK(os.stat(part, dir_fd=descriptor, follow_symlinks=False).st_mode):
                raise NotPlainError(path, f"{path.name} is {LINK}")
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor, last
    finally:
        os.close(descriptor)


def _below(folder: Path, under: str) -> Iterator[tuple[str, str]]:
    """Yield (name, "" for a plain file or else what it is); `under` itself where it is not a folder."""
    start = folder
    for part in under.split("/") if under else ():
        start /= part
        mode = _mode(start)
        if mode is not None and not stat.S_ISDIR(mode):
            yield start.relative_to(folder).as_posix(), LINK if stat.S_ISLNK(mode) else OTHER
            return
    yield from _listed(str(start), f"{under}/" if under else "")


def _listed(path: str, prefix: str) -> Iterator[tuple[str, str]]:
    try:
        items = list(os.scandir(path))
    except FileNotFoundError:
        return
    except OSError:
        yield prefix.removesuffix("/"), UNLISTED
        return
    for item in items:
        name = f"{prefix}{item.name}"
        if item.is_symlink():
            yield name, LINK
        elif item.is_dir(follow_symlinks=False):
            yield from _listed(item.path, f"{name}/")
        else:
            yield name, "" if item.is_file(follow_symlinks=False) else OTHER
