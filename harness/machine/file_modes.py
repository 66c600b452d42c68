"""Permissions of files that several users may share: those that a new file has in its folder.

The umask, the access lists and the set-group-id bit of a folder decide. Libraries that write through a temporary file
leave one that only its owner reads, whatever the umask (safetensors does).
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def new_file(path: Path) -> tuple[int, Path]:
    """Return a descriptor and the path of a new, hidden file beside `path`, with the permissions of any new file."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    return os.open(temporary, _NEW, 0o666), temporary


def as_created(folder: Path) -> None:
    """Give the files and folders below a folder of this user the permissions that new ones get there."""
    descriptor, probe = new_file(folder / "probe")
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)
        probe.unlink()
    searched = mode | (mode & 0o444) >> 2  # a folder that can be read can be searched
    for path in folder.rglob("*"):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            wanted = mode
        elif stat.S_ISDIR(status.st_mode):
            wanted = searched | status.st_mode & stat.S_ISGID
        else:
            continue
        if stat.S_IMODE(status.st_mode) != wanted:
            path.chmod(wanted)


def owner_of(path: Path) -> str:
    """Return the name of a file's owner, its number where it has no name; "" for a missing file."""
    try:
        return user_name(path.lstat().st_uid)
    except OSError:
        return ""


def user_name(uid: int) -> str:
    """Return the name of a user, `user NUMBER` for one without a name."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
