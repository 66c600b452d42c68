"""Damaged files of the cache, of checkpoints and of result folders: each is noticed, and made again or named."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from campaigns.runs import Place, begin, command, otherwise, reference, suite
from campaigns.trials import Trial

from harness.machine.store import Store

COUNT = 100  # damaged files per row: artifacts and checkpoints together 200
FOLDER_BYTES = 2  # bytes of result folders per damaged file of another row
TOGETHER = 10  # damaged files of one run
NEWEST = 2  # checkpoints that a training keeps
SEALED = "*/checkpoint-*/.sealed.json"
_ONE = threading.Lock()


def trials(place: Path, count: int) -> Iterator[Trial]:
    """Yield damage to `count` artifacts and checkpoints each, and to twice as many bytes of result folders."""
    for row, of_row, together, check in (
        ("damaged files of cached artifacts", count, TOGETHER, artifacts),
        ("damaged files of checkpoints", count, NEWEST, checkpoints),
        ("flipped bytes of result folders", FOLDER_BYTES * count, TOGETHER, folders),
    ):
        for i in range(0, of_row, together):
            times = min(together, of_row - i)
            yield Trial(row, f"{i + 1} to {i + times}", partial(check, place, f"{row}/{i}", times), times)


def artifacts(shared: Path, seed: str, count: int, folder: Path) -> str:
    """Damage files of a whole cache, run again into another folder, and return what was used or left as it is."""
    reference(shared)
    place, generator = Place.below(folder), random.Random(seed)
    shutil.copytree(Place.below(shared).cache, place.cache)
    files = sorted(path for path in place.cache.glob("[!.]*/??/*/**/*") if path.is_file())
    damaged = {path: damage(path, generator) for path in generator.sample(files, count)}
    ran = begin(command(suite(shared), place), place).ended()
    faults = [otherwise(shared, place)] if ran.status == 0 else [f"status {ran.status}: {ran.err[-1500:]}"]
    store = Store(place.cache)
    for path, how in damaged.items():
        stage, _, key = path.relative_to(place.cache).parts[:3]
        if not store.has(stage, key):
            faults.append(f"{path.relative_to(place.cache)} was {how}, and the output is not made again")
    return "; ".join(filter(None, [*faults, *ran.tracebacks]))


def checkpoints(shared: Path, seed: str, count: int, folder: Path) -> str:
    """Damage one file of each checkpoint of an unfinished training, resume it, and return what was used or unnamed."""
    place, generator = Place.below(folder), random.Random(seed)
    with _ONE:
        stopped = _in_training(shared)
    shutil.copytree(stopped.cache, place.cache)
    shutil.copytree(stopped.out, place.out)
    sealed = sorted(place.cache.glob(f".partial/{SEALED}"), key=lambda seal: seal.stat().st_mtime_ns, reverse=True)
    damaged = {}
    for checkpoint in (seal.parent for seal in sealed[:count]):
        path = generator.choice(sorted(each for each in checkpoint.rglob("*") if each.is_file()))
        damaged[checkpoint.name] = f"{path.name} was {damage(path, generator)}"
    ran = begin(command(suite(shared), place), place).ended()
    faults = [otherwise(shared, place)] if ran.status == 0 else [f"status {ran.status}: {ran.err[-1500:]}"]
    named = [line for line in ran.err.splitlines() if line.endswith("is damaged or unfinished, and is not used")]
    faults += [f"{name} is not named: {how}" for name, how in damaged.items() if f"/damaged-{name} " not in f"{named}"]
    return "; ".join(filter(None, [*faults, *ran.tracebacks]))


def folders(shared: Path, seed: str, count: int, folder: Path) -> str:
    """Flip one byte in each of several files of a result folder, and return what `harness verify` does not name."""
    reference(shared)
    place, generator = Place.below(folder), random.Random(seed)
    shutil.copytree(Place.below(shared).out, place.out)
    files = sorted(path for path in place.out.rglob("*") if path.is_file() and path.stat().st_size)
    flipped = generator.sample(files, min(count, len(files)))
    for path in flipped:
        flip(path, generator)
    names = [path.relative_to(place.out).as_posix() for path in flipped]
    ran = begin([sys.executable, "-m", "harness", "verify", str(place.out), "--hashes-only"], place).ended()
    faults = [] if ran.status == 1 else [f"status {ran.status}: {ran.err[-1500:]}"]
    faults += [f"{name} is not named: {ran.out[-1500:]}" for name in names if name not in ran.out.replace("\\", "")]
    return "; ".join([*faults, *ran.tracebacks])


@cache
def _in_training(shared: Path) -> Place:
    """Return the folders of a run that was killed when it had NEWEST whole checkpoints."""
    (shared / "in-training").mkdir()
    place = Place.below(shared / "in-training")
    running = begin(command(suite(shared), place), place)
    while len(list(place.cache.glob(f".partial/{SEALED}"))) < NEWEST:
        assert running.process.poll() is None, running.ended().err
        running.wait_until(running.seconds() + 0.002)
    os.killpg(running.process.pid, signal.SIGKILL)
    running.ended()
    running.remove_semaphores()
    return place


def damage(path: Path, generator: random.Random) -> str:
    """Damage a file in one of four ways and return which."""
    how = generator.choice(("flipped", "truncated", "emptied", "deleted")) if path.stat().st_size > 1 else "deleted"
    if how == "flipped":
        flip(path, generator)
    elif how == "deleted":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size // 2 if how == "truncated" else 0)
    return how


def flip(path: Path, generator: random.Random) -> None:
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[generator.randrange(len(content))] ^= generator.randrange(1, 256)
    path.write_bytes(content)
