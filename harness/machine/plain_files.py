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
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Self

from harness.errors import RequestError
from harness.machine import bounded

LINK, OTHER, UNLISTED = "a link", "not a plain file", "a folder that cannot be listed"
DEEPEST = 64  # folders below each other; a result folder has 3
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotPlainError(OSError):
    """A link, a pipe, a device, or a name that leads out of its folder; `strerror` says which."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(errno.ELOOP, what, str(path))


def remedy(error: OSError, otherwise: str) -> str:
    """Return what to do about a place that cannot be read or written: of a name, or of what is there, another thing."""
    if error.errno == errno.ENAMETOOLONG:
        return "use a shorter path"
    there = isinstance(error, NotPlainError | IsADirectoryError | NotADirectoryError)
    return "remove it, or put a plain file or folder in its place" if there else otherwise


def is_name(name: str) -> bool:
    """Return whether a name is that of a file below a folder: relative, without empty parts, `.` and `..`."""
    return "\0" not in name and not {"", ".", ".."} & set(name.split("/"))


def files(folder: Path, under: str = "") -> list[str]:
    """Return the names of all plain files below a folder, or below one of its folders, sorted."""
    return [name for name, what in listed(folder, under).items() if not what]


def odd_files(folder: Path, under: str = "") -> dict[str, str]:
    """Return name → what it is, for all that is neither a plain file nor a folder of such; `under` included."""
    return {name: what for name, what in listed(folder, under).items() if what}


def listed(folder: Path, under: str = "") -> dict[str, str]:
    """Return name → "" for a plain file or else what it is, of all but folders, sorted.

    Raises RequestError where `folder` itself is something else.
    """
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"{folder} is not a folder; name a folder")
    return dict(sorted(_below(folder, under)))


def is_plain(folder: Path, name: str) -> bool:
    """Return whether there is a plain file of that name, and no link on the way to it."""
    try:
        with Below(folder) as below:
            parent, last = below.parent(name)
            return stat.S_ISREG(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


class Below:
    """Reads plain files below a folder; the folder that holds the last one stays open for the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._folders: list[str] = []  # from `folder` to the one that is open
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def parent(self, name: str) -> tuple[int, str]:
        """Return a descriptor of the folder that holds a file, and the last part of its name."""
        *folders, last = _parts(self.folder, name)
        if self._descriptor is None or folders != self._folders:
            self.__exit__()
            self._descriptor, self._folders = _opened_folder(self.folder, folders), folders
        return self._descriptor, last

    def descriptor(self, name: str) -> int:
        """Return a descriptor of a plain file; raises OSError, NotPlainError for anything else of that name."""
        parent, last = self.parent(name)
        _check(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode, self.folder / name)
        descriptor = os.open(last, _FILE, dir_fd=parent)
        try:
            _check(os.fstat(descriptor).st_mode, self.folder / name)  # again: it may have been replaced
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def read(self, name: str, limit: str = "RESULT_BYTES") -> bytes:
        """Return the content of a plain file, at most as large as the named limit; raises what `descriptor` raises."""
        with os.fdopen(self.descriptor(name), "rb", buffering=0) as file:
            return bounded.read_whole(file, f"{self.folder}/{name}", limit)


def opened(folder: Path, name: str) -> BufferedReader:
    """Return a plain file, open for reading; raises OSError, NotPlainError for anything else of that name."""
    with Below(folder) as below:
        return os.fdopen(below.descriptor(name), "rb")


def read(folder: Path, name: str, limit: str = "RESULT_BYTES") -> bytes:
    """Return the content of a plain file, at most as large as the named limit; raises what `opened` raises."""
    with Below(folder) as below:
        return below.read(name, limit)


def sha256(folder: Path, name: str) -> str:
    """Return the sha256 of a plain file, read in blocks; raises what `opened` raises, and TooLarge above FILE_BYTES.

    A file of any size takes no space where it is sparse, and hours to hash.
    """
    with opened(folder, name) as file:
        bounded.check_size(file, f"{folder}/{name}", "FILE_BYTES")
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(folder: Path, name: str, target: Path) -> None:
    """Copy a plain file below a folder to the same name below another; raises what `sha256` and `place` raise."""
    with opened(folder, name) as source, place(target, name).open("xb") as copied:
        bounded.check_size(source, f"{folder}/{name}", "FILE_BYTES")
        shutil.copyfileobj(source, copied)


def remove(folder: Path, name: str) -> None:
    """Remove a file or link; raises OSError where it is absent, or behind a link."""
    with Below(folder) as below:
        parent, last = below.parent(name)
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


def _opened_folder(folder: Path, folders: Sequence[str]) -> int:
    """Return a descriptor of a folder below another, reached through no link."""
    descriptor, path = os.open(folder, _FOLDER), folder
    for part in folders:
        path /= part
        try:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
        except OSError:
            if path.is_symlink():
                raise NotPlainError(path, f"{path.name} is {LINK}") from None
            raise
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


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
    if prefix.count("/") > DEEPEST:
        yield prefix.removesuffix("/"), UNLISTED
        return
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
