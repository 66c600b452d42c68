"""A disk that is full during a run: one line says which and what to do, and with more room the run resumes.

Each attempt mounts a tmpfs of a fixed size in the place of one of the run's folders, which takes root's permission.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from campaigns import runs
from campaigns.runs import Place, Ran, command, reference, resumed, suite
from campaigns.trials import NotPossibleError, Trial

COUNT = 20  # sizes per row
REASONS = ("No space left on device", " free, and the run needs ")  # in what a run says of a full disk
ROOM = 256 << 20  # bytes of the disk when there is room again
PAGE = 4096
OF_TMP = 64 * PAGE  # more than what a run writes there
WITH_CHECKPOINTS = 2  # what a run takes in its cache at its peak, at most, in units of what is there at its end


def trials(place: Path) -> Iterator[Trial]:
    """Yield COUNT sizes of the disk of each folder, from a page to nearly what the undisturbed run needs there."""
    for name in ("out", "cache", "tmp"):
        for i in range(COUNT):
            share = (i + 0.5) / COUNT
            yield Trial(f"full disk of {name}", f"{share:.3f} of what it needs", partial(full, place, name, share))


def full(shared: Path, name: str, share: float, folder: Path) -> str:
    """Run on a disk with a share of the bytes that are needed, then with room; return what was not as wanted."""
    reference(shared)
    needed = OF_TMP if name == "tmp" else _bytes_below(getattr(Place.below(shared), name))
    needed *= WITH_CHECKPOINTS if name == "cache" else 1
    size = max(PAGE, int(share * needed) // PAGE * PAGE)
    disk = folder / "disk"
    with mounted(disk, size):
        place = replace(Place.below(folder), **{name: disk if name == "tmp" else disk / name})
        done = runs.ran(command(suite(shared), place), place)
        faults = _of_end(done, disk)
        _mount("-o", f"remount,size={ROOM}", str(disk))
        faults.append(resumed(shared, place))
    return "; ".join(filter(None, faults))


def _of_end(ran: Ran, disk: Path) -> list[str]:
    """Return what was wrong with the end of a run on a full disk: it may be done, if little was missing.

    Status 3 is that of a run whose only cell failed.
    """
    if ran.status == 0:
        return ran.tracebacks
    faults = [] if ran.status in (1, 2, 3) else [f"status {ran.status}: {ran.err[-1500:]}"]
    lines = [line for line in (ran.err + ran.out).splitlines() if any(reason in line for reason in REASONS)]
    helpful = [line for line in lines if str(disk) in line and "; " in line]
    faults += [] if helpful else [f"no line names {disk} and what to do: {ran.err[-1500:]}{ran.out[-500:]}"]
    return [*faults, *ran.tracebacks]


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[None]:
    """Mount a disk of `size` bytes while the block runs; raises NotPossibleError where that is not permitted."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _mount(*arguments: str) -> None:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotPossibleError(f"mount cannot be started: {error.strerror}") from error
    if done.returncode:
        raise NotPossibleError(f"mount is not permitted: {done.stderr.strip()}")


def _bytes_below(folder: Path) -> int:
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in folder.rglob("*") if path.is_file())
