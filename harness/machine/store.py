"""The store of stage outputs: content-addressed folders, complete or absent, verified on reading.

    ROOT/<stage>/<key[:2]>/<key>/...            the files of a stage
    ROOT/<stage>/<key[:2]>/<key>/.artifact.json sha256 of every file, cost, maker, findings, and of itself
    ROOT/.partial/<key>/                        checkpoints of an unfinished stage
    ROOT/.locks/<key>                           one writer per key: a second process waits, then reads
    ROOT/.locks/<key>.used                      readers of an output, which is not removed meanwhile

Several users may share it (docs/scale.md): files and folders have the permissions of new ones, whatever made them.
A stage that fails leaves nothing behind; a damaged output is removed and made again. An output names its maker (the
code, libraries and machine that made it), so that a record which reuses it does not name its own process instead.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError, HarnessError, RequestError
from harness.machine import json_toml, plain_files
from harness.machine.artifact_manifest import is_intact, sealed
from harness.machine.device import peak_in_use
from harness.machine.file_hashes import hashes_below
from harness.machine.file_modes import as_created
from harness.machine.full_disk import no_room
from harness.machine.in_use import Marks, unused
from harness.machine.locks import PATIENCE, held
from harness.machine.maker import maker, maker_id
from harness.machine.stage_run import Cost, StageRun
from harness.machine.unwritable import check_writable, is_refusal, unwritable
from harness.types import Progress

MANIFEST = ".artifact.json"
VALUE = "value.json"  # the only file of an output that is a JSON value


def default_root() -> Path:
    """Return `$HARNESS_CACHE`, else `harness` in the user's cache folder; raises RequestError without a home."""
    configured = os.environ.get("HARNESS_CACHE")
    try:
        if configured:
            return Path(configured).expanduser()
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "harness"
    except RuntimeError as error:  # HOME is not set, and the system does not know the user
        raise RequestError("there is no home folder for the cache; export HARNESS_CACHE, or HOME") from error


@dataclass
class _Making:
    """A stage that is being made: what it read off models, and what outputs that it requested on the way change."""

    found: dict[str, Any] = field(default_factory=dict)
    saved: float = 0.0  # seconds that making these took elsewhere, beyond those of requesting them
    peak_bytes: int = 0
    counted: set[str] = field(default_factory=set)  # keys of these

    def add(self, run: StageRun) -> None:
        """Count an output that was requested on the way."""
        if run.cost is not None and run.key not in self.counted:
            self.counted.add(run.key)
            self.saved += run.cost.seconds - run.seconds
            self.peak_bytes = max(self.peak_bytes, run.cost.peak_bytes)

    def cost(self, seconds: float) -> Cost:
        """Return what making the stage takes, which took `seconds` here."""
        return Cost(seconds=max(0.0, seconds + self.saved), peak_bytes=max(self.peak_bytes, peak_in_use()))


class Store:
    """Outputs of stages under `root`; long stages report to `progress`.

    `runs` lists the stages requested, `makers` what made their outputs, by id. After `patience` seconds of waiting for
    another process, a line on standard error names it. A store that is only read makes no folder.
    """

    def __init__(
        self,
        root: Path,
        progress: Progress = lambda stage, done, total: None,
        patience: float = PATIENCE,
    ) -> None:
        self.root = root
        self.progress = progress
        self._patience = patience
        self.runs: list[StageRun] = []
        self.makers: dict[str, Mapping[str, Any]] = {}
        self._making: list[_Making] = []  # the innermost one last
        self._marks: Marks | None = None

    @property
    def locks(self) -> Path:
        """The folder of the locks."""
        return self.root / ".locks"

    def make(self, stage: str, key: str, write: Callable[[Path], None]) -> Path:
        """Return the folder of a stage's output; `write(folder)` makes it if it is missing or damaged."""
        started = time.perf_counter()
        self._mark(key)
        manifest = self._manifest(stage, key)
        cached = manifest is not None
        if manifest is None:
            with self.locked(key, f"{stage} {key[:12]}"):
                manifest = self._manifest(stage, key)  # again: another process may have made it while this one waited
                cached = manifest is not None
                if manifest is None:
                    manifest = self._write(stage, key, write)
        seconds = time.perf_counter() - started
        run = StageRun(stage=stage, key=key, seconds=seconds, cached=cached)
        self.runs.append(run.model_copy(update=self._made_by(manifest)))
        if self._making:
            self._making[-1].add(self.runs[-1])
        return self.folder(stage, key)

    def computed(self, stage: str, key: str, seconds: float) -> None:
        """Add a stage that this process has just computed and whose output is not stored."""
        run = StageRun(stage=stage, key=key, seconds=seconds, cached=False)
        manifest = {"made_by": maker(), "seconds": seconds, "peak_bytes": peak_in_use()}
        self.runs.append(run.model_copy(update=self._made_by(manifest)))

    def recalled(self, stage: str, key: str, manifest: Mapping[str, Any]) -> None:
        """Add a stage whose output is gone and not needed; `manifest` holds what its manifest said."""
        run = StageRun(stage=stage, key=key, seconds=0.0, cached=True)
        self.runs.append(run.model_copy(update=self._made_by(manifest)))

    def note(self, **found: Any) -> None:
        """Add what the stage that is being made read off a model to its output's manifest; ignored outside a stage."""
        if self._making:
            self._making[-1].found.update(found)

    def is_there(self, stage: str, key: str) -> bool:
        """Return whether the output exists, damaged or not; its files are not read."""
        return (self.folder(stage, key) / MANIFEST).is_file()

    def has(self, stage: str, key: str) -> bool:
        """Return whether the output exists and every file has its recorded sha256."""
        return self._manifest(stage, key) is not None

    def find(self, stage: str, key: str) -> Path | None:
        """Return the folder of a stage's output; None if it is missing or damaged."""
        self._mark(key)
        return self.folder(stage, key) if self.has(stage, key) else None

    def read_json(self, stage: str, key: str, compute: Callable[[], Any]) -> Any:
        """Return the output of a stage that is one JSON value; `compute()` makes it if it is missing."""

        def write(folder: Path) -> None:
            text = json.dumps(compute(), ensure_ascii=False, allow_nan=False)
            (folder / VALUE).write_text(text, encoding="utf-8")

        return json.loads((self.make(stage, key, write) / VALUE).read_text(encoding="utf-8"))

    def partial(self, key: str) -> Path:
        """Return the folder for the checkpoints of an unfinished stage, which survives a killed process."""
        return self.root / ".partial" / key

    def forget(self, key: str) -> None:
        """Remove the checkpoints of an unfinished stage."""
        shutil.rmtree(self.partial(key), ignore_errors=True)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep every output that is requested while the block runs from being removed until its end."""
        self._marks = Marks(self.locks)
        try:
            yield
        finally:
            self._marks.release()
            self._marks = None

    def remove(self, stage: str, key: str) -> bool:
        """Remove an output; returns False, and keeps it, while a process makes or uses it."""
        with unused(self._made_locks(), key) as free:
            if free:
                shutil.rmtree(self.folder(stage, key), ignore_errors=True)
            return free

    def _made_locks(self) -> Path:
        """Return the folder of the locks, made if it is not there; raises RequestError where it cannot be made."""
        try:
            self.locks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.root, error) from error
        return self.locks

    def _mark(self, key: str) -> None:
        if self._marks is None:
            return
        self._made_locks()
        try:
            self._marks.add(key)
        except OSError as error:
            raise unwritable(self.root, error) from error

    @contextmanager
    def locked(self, name: str, making: str) -> Iterator[None]:
        """Hold a lock of this cache while the block runs, to make what `making` says (harness.machine.locks)."""
        with ExitStack() as stack:
            self._made_locks()
            try:
                stack.enter_context(held(self.locks, name, making, self._patience))
            except OSError as error:
                raise unwritable(self.root, error) from error
            yield

    def check_writable(self, stage: str, key: str) -> None:
        """Raise RequestError where this user cannot make an output of that stage and key."""
        for folder in (self.folder(stage, key).parent, self.locks):
            check_writable(self.root, folder)

    def folder(self, stage: str, key: str) -> Path:
        """Return where the output of a stage is, or would be."""
        return self.root / stage / key[:2] / key

    def _check_no_link(self, folder: Path) -> None:
        """Raise RequestError where a folder of the cache is a link: who shares the cache may lead writers elsewhere."""
        for place in (folder, folder.parent):
            if place.is_symlink():
                raise RequestError(f"{place} is a link, and outputs are written through none; remove it")

    def _manifest(self, stage: str, key: str) -> Mapping[str, Any] | None:
        """Return the manifest of an output; None if the output is missing or damaged."""
        folder = self.folder(stage, key)
        try:
            content = plain_files.read(folder, MANIFEST, "DOCUMENT_BYTES")
            manifest: Mapping[str, Any] = json_toml.parse_data(content.decode())
            whole = hashes_below(folder, MANIFEST) == manifest["files"] and is_intact(manifest)
            return manifest if whole else None
        except (OSError, ValueError, KeyError, TypeError, DataError):
            return None

    def _made_by(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Return maker, findings and cost of a manifest as fields of a stage's run; those of older versions have none.

        Without a peak, seconds are those of an older version: of outputs made on the way, only those made then.
        """
        made_by = manifest.get("made_by")
        if not made_by:
            return {}
        name = maker_id(made_by)
        self.makers[name] = made_by
        fields = {"made_by": name, "found": manifest.get("found", {})}
        if manifest.get("peak_bytes") is None:
            return fields
        return {**fields, "cost": Cost(seconds=manifest["seconds"], peak_bytes=manifest["peak_bytes"])}

    def _write(self, stage: str, key: str, write: Callable[[Path], None]) -> Mapping[str, Any]:
        folder = self.folder(stage, key)
        temporary = folder.with_name(f".making-{folder.name}")  # an existing one is a killed writer's
        started = time.perf_counter()
        self._making.append(_Making())
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._check_no_link(folder.parent)
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir()
            write(temporary)
            as_created(temporary)
            manifest = {
                "stage": stage,
                **self._making[-1].cost(time.perf_counter() - started).model_dump(),
                "files": hashes_below(temporary, MANIFEST),
                "made_by": maker(),
                "found": self._making[-1].found,
            }
            (temporary / MANIFEST).write_bytes(sealed(manifest))
            _sync(temporary)
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
        except OSError as error:
            if is_refusal(self.root, error):
                raise unwritable(self.root, error) from error
            raise
        except Exception as error:
            refusal = None if isinstance(error, HarnessError) else no_room(temporary)
            if refusal is not None and is_refusal(self.root, refusal):
                raise unwritable(self.root, refusal) from error
            raise
        finally:
            self._making.pop()
            shutil.rmtree(temporary, ignore_errors=True)
        return manifest


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
