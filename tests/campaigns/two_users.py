"""Two users and five commands on one cache at the same time: the bytes are those of a quiet run.

Three commands are the same, two ask for other seeds. Users take numbers that no account has; root starts them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from campaigns import runs
from campaigns.runs import Place, begin, command, differing, reference, results, suite
from campaigns.trials import NotPossibleError, Trial

COUNT = 3  # rounds
GROUP = 61_000
USERS = (61_001, 61_002)
SEEDS = ("0", "1", "0", "2", "0")
_ONE = threading.Lock()


def trials(place: Path) -> Iterator[Trial]:
    """Yield rounds of one user's commands, and of two users' commands."""
    for row, users in (
        ("five commands of one user, one cache", (None,)),
        ("five commands of two users, one cache", USERS),
    ):
        for i in range(COUNT):
            yield Trial(row, f"round {i + 1}", partial(together, place, users))


def together(shared: Path, users: Sequence[int | None], folder: Path) -> str:
    """Run the commands side by side, the users in turns, and return what was not as wanted."""
    expected = {seed: _expected(shared, seed) for seed in sorted({*SEEDS})}
    _open(shared, folder)
    running = []
    for i, seed in enumerate(SEEDS):
        (own := folder / f"command-{i}").mkdir()
        (own / "tmp").mkdir()
        _open(own, own / "tmp")
        place = Place(own / "out", folder / "cache", own / "tmp")
        started = begin(command(suite(shared), place, seed=seed), place, _as_user(users[i % len(users)], own))
        running.append((seed, place, started))
    faults = []
    for seed, place, started in running:
        ran = started.ended()
        wrong = differing(expected[seed], results(place.out)) if ran.status == 0 else ran.err[-1500:]
        faults += [f"{place.out.parent.name}: {text}" for text in (wrong, *ran.tracebacks) if text]
    return "; ".join(faults)


def _expected(shared: Path, seed: str) -> dict[str, str]:
    if seed == "0":
        return dict(reference(shared).results)
    with _ONE:
        return _quiet(shared, seed)


@cache
def _quiet(shared: Path, seed: str) -> dict[str, str]:
    """Return the results of a command that nothing disturbed."""
    (folder := shared / f"quiet-{seed}").mkdir()
    place = Place.below(folder)
    done = runs.ran(command(suite(shared), place, seed=seed), place)
    assert done.status == 0, done.err
    return results(place.out)


def _open(*folders: Path) -> None:
    """Let the group write in these folders, and in those that are made there."""
    for folder in folders:
        if os.getuid() == 0:
            shutil.chown(folder, group=GROUP)
        folder.chmod(0o2775)


def _as_user(user: int | None, home: Path) -> Sequence[str]:
    """Return what starts a command as another user, with files that its group may write."""
    if user is None:
        return ()
    if os.getuid() or shutil.which("setpriv") is None:
        raise NotPossibleError("other users need root and setpriv")
    prefix = (
        *("setpriv", f"--reuid={user}", f"--regid={GROUP}", "--clear-groups"),
        *("sh", "-c", f'umask 002; export HOME="{home}"; exec "$@"', "sh"),
    )
    if subprocess.run([*prefix, sys.executable, "-c", ""], check=False, capture_output=True).returncode:
        raise NotPossibleError("other users cannot run this Python")
    return prefix
