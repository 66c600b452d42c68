"""A small real run as campaigns disturb it: started, ended, resumed, compared byte for byte; what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO
from uuid import uuid4

import psutil
from campaigns.trials import REPOSITORY
from support.commands import tiny_suite

from harness.keys import file_sha256
from harness.machine.store import MANIFEST
from harness.results import record

LIMIT = 900.0  # seconds within which every run here ends
STEPS = 20  # of the training, each with a checkpoint
LEFT = 5.0  # seconds after which no process of a run may be left
MARK = "HARNESS_CAMPAIGN"  # the variable in the environment of all processes of a run
OF_RAY = {  # its sockets need short paths, its workers would write their titles over the mark
    **{"RAY_TMPDIR": tempfile.gettempdir(), "SPT_NOENV": "1"},
    **{"RAY_memory_monitor_refresh_ms": "0", "RAY_USAGE_STATS_ENABLED": "0"},
}
_ONE = threading.RLock()  # what attempts share is made by one of them


@dataclass(frozen=True)
class Place:
    """The folders of a run."""

    out: Path
    cache: Path
    tmp: Path

    @classmethod
    def below(cls, folder: Path) -> Place:
        """Return the folders of a run below `folder`; only `tmp` is made."""
        (folder / "tmp").mkdir(exist_ok=True)
        return cls(folder / "out", folder / "cache", folder / "tmp")


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    status: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def tracebacks(self) -> list[str]:
        """A traceback on stderr, which no run may have."""
        return [f"a traceback: {self.err[-1500:]}"] if "Traceback" in self.err else []


@dataclass
class Running:
    """A run that was started, in a process group of its own."""

    process: subprocess.Popen[bytes]
    place: Place
    mark: str
    out: IO[str]  # files, not pipes: a process that is left over would keep a pipe open, and its end would seem later
    err: IO[str]
    began: float = field(default_factory=time.time)

    def ended(self) -> Ran:
        """Wait for the end of the main process; one that does not end is killed and raises TimeoutExpired."""
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        return Ran(self.process.returncode, _text(self.out), _text(self.err), self.seconds())

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.time() - self.began

    def wait_until(self, seconds: float) -> None:
        """Wait until that many seconds after the start, or until the run ends."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, seconds - self.seconds()))

    def processes(self) -> list[psutil.Process]:
        """Return the processes of the run that are there now."""
        return [each for each in psutil.process_iter() if _mark(each) == self.mark]

    def fork_server(self) -> psutil.Process | None:
        """Return the process that makes the workers, None while there is none."""
        return next((each for each in self.processes() if _is_fork_server(each, self.process.pid)), None)

    def worker(self) -> psutil.Process | None:
        """Return a worker, None while there is none."""
        server = self.fork_server()
        return next((each for each in self.processes() if server and _parent(each) == server.pid), None)

    def has_record(self) -> bool:
        """Return whether the cell is done now; reports may be left to write."""
        return any(self.place.out.glob("records/*/*/*.json"))

    def left(self) -> list[str]:
        """Return the processes that are still there LEFT seconds from now."""
        until = time.monotonic() + LEFT
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.1)
        return [f"process {each.pid} is left: {' '.join(_command(each))[:100]}" for each in left]


def suite(folder: Path) -> Path:
    """Return the manifest of the suite of three passages, its data beside it; written once."""
    with _ONE:
        return _suite(folder)


@cache
def _suite(folder: Path) -> Path:
    return tiny_suite(folder / "suite")


def command(suite_file: Path, place: Place, *options: str, seed: str = "0") -> list[str]:
    """Return the smallest run that trains with checkpoints and ranks: one entry, one language, one seed."""
    settings = ("--set", "train.checkpoint_steps=1", "--set", f"train.epochs={STEPS}", "--device", "cpu", "--jobs", "1")
    request = ("--suite", str(suite_file), "--data-dir", str(suite_file.parent), "--langs", "en", "--methods", "mnrl")
    folders = ("--out", str(place.out), "--cache-dir", str(place.cache))
    return [sys.executable, "-m", "harness", "run", *request, "--seeds", seed, *settings, *folders, *options]


def begin(arguments: Sequence[str], place: Place, prefix: Sequence[str] = ()) -> Running:
    """Start a run in a process group of its own, with the handling of signals that a shell gives it."""
    mark = uuid4().hex
    path = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {MARK: mark, "TMPDIR": str(place.tmp), "HF_HUB_OFFLINE": "1", "PYTHONPATH": path, **OF_RAY}
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"} | own
    out, err = (_file() for _ in range(2))
    process = subprocess.Popen(
        [*prefix, *arguments],
        stdout=out,
        stderr=err,
        process_group=0,
        env=environment,
        preexec_fn=_default_signals,
    )
    return Running(process, place, mark, out, err)


def ran(arguments: Sequence[str], place: Place) -> Ran:
    """Return how a command ended that nothing disturbed."""
    return begin(arguments, place).ended()


def _default_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@dataclass(frozen=True)
class Reference:
    """A run that nothing disturbed: its seconds and its bytes."""

    seconds: float
    results: Mapping[str, str]
    models: Mapping[str, str]


def reference(folder: Path) -> Reference:
    """Return the run that all others are compared with, made below `folder` once."""
    with _ONE:
        return _reference(folder)


@cache
def _reference(folder: Path) -> Reference:
    place = Place.below(folder)
    done = ran(command(_suite(folder), place), place)
    assert done.status == 0, done.err
    return Reference(done.seconds, results(place.out), models(place.cache))


def undisturbed(folder: Path, options: tuple[str, ...]) -> float:
    """Return the seconds of a run with further options that nothing disturbed; it is made once, and has equal bytes."""
    seconds = reference(folder).seconds
    with _ONE:
        return _seconds(folder, options) if options else seconds


@cache
def _seconds(folder: Path, options: tuple[str, ...]) -> float:
    (own := folder / "".join(filter(str.isalnum, "".join(options)))).mkdir()
    place = Place.below(own)
    done = ran(command(_suite(folder), place, *options), place)
    assert done.status == 0, done.err
    assert not otherwise(folder, place)
    return done.seconds


def results(out: Path) -> dict[str, str]:
    """Return file → sha256 of what a result folder measured: scores, rankings and tables.

    Records, run.json and pages hold the seconds that a run took, signatures.csv the commit, which may change meanwhile.
    """
    names = [each.file(suffix) for each in record.read_all(out) for suffix in each.files]
    stored = {name: file_sha256(out / name) for name in names}
    tables = [path for path in sorted(out.glob("*.csv")) if path.name != "signatures.csv"]
    return stored | {path.name: file_sha256(path) for path in tables}


def models(cache_dir: Path) -> dict[str, str]:
    """Return file → sha256 of the weights and vectors in a cache that their manifests name."""
    return {
        f"{manifest.parent.name}/{name}": file_sha256(manifest.parent / name)
        for manifest in sorted(cache_dir.glob(f"*/??/*/{MANIFEST}"))
        for name in json.loads(manifest.read_bytes())["files"]
        if name.endswith((".safetensors", ".npy"))
    }


def resumed(shared: Path, place: Place, *options: str) -> str:
    """Run the same command to its end; return how its status or bytes differ from the reference's, "" if nowhere."""
    done = ran(command(suite(shared), place, *options), place)
    if done.status or done.tracebacks:
        return f"resumed with status {done.status}: {done.err[-1500:]}"
    return otherwise(shared, place)


def otherwise(shared: Path, place: Place) -> str:
    """Return which bytes of a run that is done differ from the reference's, "" if none."""
    expected = reference(shared)
    return differing(expected.results, results(place.out)) or differing(expected.models, models(place.cache))


def differing(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return which files differ, "" if none does."""
    names = [name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)]
    return f"other bytes in {', '.join(names)}" if names else ""


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _mark(process: psutil.Process) -> str:
    try:
        return "" if process.status() == psutil.STATUS_ZOMBIE else process.environ().get(MARK, "")
    except psutil.Error:
        return ""


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _is_fork_server(process: psutil.Process, parent: int) -> bool:
    return _parent(process) == parent and any("forkserver" in word for word in _command(process))
