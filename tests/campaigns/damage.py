"""Damaged files of the cache, of checkpoints and of result folders: each is noticed, and made again or named."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from campaigns import runs
from campaigns.runs import Place, begin, command, otherwise, reference, suite
from campaigns.semaphores import own_shm
from campaigns.trials import Trial

from harness.machine.stage_run import StageRun
from harness.machine.store import Store
from harness.results import record

COUNT = 100  # damaged files per row: artifacts and checkpoints together 200
FOLDER_BYTES = 2  # bytes of result folders per damaged file of another row
TOGETHER = 10  # damaged files of one run
LAST = ("retrieve", "geometry")  # stages whose outputs hide what they were made from
NEWEST = 2  # checkpoints that a training keeps
SEALED = "*/checkpoint-*/.sealed.json"
_ONE = threading.Lock()


def trials(place: Path) -> Iterator[Trial]:
    """Yield damage to COUNT artifacts and checkpoints each, and to twice as many bytes of result folders."""
    for row, of_row, together, check in (
        ("damaged files of cached artifacts", COUNT, TOGETHER, artifacts),
        ("damaged files of checkpoints", COUNT, NEWEST, checkpoints),
        ("flipped bytes of result folders", FOLDER_BYTES * COUNT, TOGETHER, folders),
    ):
        for i in range(0, of_row, together):
            times = min(together, of_row - i)
            yield Trial(row, f"{i + 1} to {i + times}", partial(check, place, f"{row}/{i}", times), times)


def artifacts(shared: Path, seed: str, count: int, folder: Path) -> str:
    """Damage files of a whole cache, run again into another folder, and return what was used or left as it is.

    What is made last and is not damaged is removed: what it was made from is read then.
    """
    reference(shared)
    place, generator = Place.below(folder), random.Random(seed)
    shutil.copytree(Place.below(shared).cache, place.cache)
    files = sorted(path for path in place.cache.glob("[!.]*/??/*/**/*") if path.is_file())
    damaged = {path: damage(path, generator) for path in generator.sample(files, count)}
    outputs = {path: path.relative_to(place.cache).parts[:3] for path in damaged}
    for output in [path for stage in LAST for path in place.cache.glob(f"{stage}/??/*")]:
        if output.relative_to(place.cache).parts not in outputs.values():
            shutil.rmtree(output)
    done = runs.ran(command(suite(shared), place), place)
    faults = [*done.tracebacks] if done.status == 0 else [f"status {done.status}: {done.err[-1500:]}"]
    store = Store(place.cache)
    for path, (stage, _, key) in outputs.items():
        if not store.has(stage, key):
            faults.append(f"{path.relative_to(place.cache)} was {damaged[path]}, and the output is not made again")
    return "; ".join(faults) or otherwise(shared, place)


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
    done = runs.ran(command(suite(shared), place), place)
    faults = [otherwise(shared, place)] if done.status == 0 else [f"status {done.status}: {done.err[-1500:]}"]
    noted = {name for each in record.read_all(place.out) for run in each.stages for name in _noted(run)}
    faults += [f"{name} is not named in the record: {how}" for name, how in damaged.items() if name not in noted]
    return "; ".join(filter(None, [*faults, *done.tracebacks]))


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
    done = runs.ran([sys.executable, "-m", "harness", "verify", str(place.out), "--hashes-only"], place)
    faults = [] if done.status == 1 else [f"status {done.status}: {done.err[-1500:]}"]
    faults += [f"{name} is not named: {done.out[-1500:]}" for name in names if name not in done.out.replace("\\", "")]
    return "; ".join([*faults, *done.tracebacks])


def _noted(run: StageRun) -> Sequence[str]:
    """Return the checkpoints that a stage found damaged; it prints their names as well."""
    names: Sequence[str] = run.found.get("damaged_checkpoints", ())
    return names


@cache
def _in_training(shared: Path) -> Place:
    """Return the folders of a run that was killed when it had NEWEST whole checkpoints."""
    (top := shared / "in-training").mkdir()
    place = Place.below(top)
    with own_shm(top / "shm") as prefix:
        running = begin(command(suite(shared), place), place, prefix)
        while len(list(place.cache.glob(f".partial/{SEALED}"))) < NEWEST:
            assert running.process.poll() is None, running.ended().err
            running.wait_until(running.seconds() + 0.002)
        os.killpg(running.process.pid, signal.SIGKILL)
        running.ended()
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
