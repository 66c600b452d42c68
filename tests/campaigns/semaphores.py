"""A /dev/shm of its own for a run, so that the semaphores which it leaves are known from those of other programs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

AS_SHM = 'mount --bind "$0" /dev/shm && exec "$@"'


@contextmanager
def own_shm(folder: Path) -> Iterator[Sequence[str]]:
    """Yield what starts a command with `folder` as its /dev/shm; nothing where this user may not mount it."""
    folder.mkdir()
    prefix = ("unshare", "--mount", "sh", "-c", AS_SHM, str(folder))
    try:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], capture_output=True, check=False)
        works = mounted.returncode == 0 and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    except OSError:
        works = False
    try:
        yield prefix if works else ()
    finally:
        if works:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def left_in(folder: Path) -> list[str]:
    """Return the semaphores that are left in a run's /dev/shm, and remove them."""
    names = sorted(path.name for path in folder.glob("sem.*"))
    for name in names:
        (folder / name).unlink()
    return [f"semaphore {name} is left" for name in names]
