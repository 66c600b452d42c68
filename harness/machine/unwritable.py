"""Why a folder that users share cannot be written: the errors of the system that say so, as one line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from harness.errors import RequestError
from harness.machine.file_modes import owner_of

DENIED = (errno.EACCES, errno.EPERM)
REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE, *DENIED)


def unwritable(cache: Path, error: OSError) -> RequestError:
    """Return the error for a cache that cannot be written; it names the folder that its owner has not shared."""
    remedy = "change HARNESS_CACHE"
    if error.errno in DENIED and error.filename:
        place = nearest(Path(error.filename))
        remedy = f"{place} is {owner_of(place)}'s: share the cache as docs/scale.md says, or {remedy}"
    return RequestError(f"cache folder {cache} cannot be written: {error.strerror}; {remedy}")


def is_refusal(cache: Path, error: OSError) -> bool:
    """Return whether an error says that a cache cannot be written, not a file elsewhere."""
    place = cache if error.filename is None else Path(os.fsdecode(error.filename))
    return error.errno in REFUSALS and place.absolute().is_relative_to(cache.absolute())


def check_writable(cache: Path, folder: Path) -> None:
    """Raise RequestError where this user cannot write in a folder of a cache, made or not."""
    place = nearest(folder)
    if not os.access(place, os.W_OK | os.X_OK):
        raise unwritable(cache, PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place)))


def nearest(path: Path) -> Path:
    """Return a path, or the first of its parents that exists and that this user can see."""
    return next((place for place in (path, *path.parents) if os.path.lexists(place)), path)
