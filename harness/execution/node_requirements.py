"""What a machine of a cluster must have to run the cells of a command: its code, libraries, plugins and folders."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import RequestError
from harness.machine.code import code
from harness.machine.hardware import environment
from harness.machine.unwritable import nearest
from harness.request import plugins
from harness.request.cell import Cell
from harness.request.manifest import LocalBase

MOUNT = "mount the shared file system there, or name folders on it with --out and --cache-dir"
INSTALL = "install the same on every node"


@dataclass(frozen=True)
class Expected:
    """What the machine of the command has, and a node must have too.

    `files`: text of files that the command wrote in the shared folders; `read`: paths that cells read; `plugins`: their
    sources' sha256, by name.
    """

    files: Mapping[Path, str]
    read: tuple[Path, ...]
    code: str
    libraries: Mapping[str, str]
    plugins: Mapping[str, str]
    methods_path: Path | None


def expected(cells: Sequence[Cell], files: Mapping[Path, str]) -> Expected:
    """Return what a node must have to run these cells."""
    place = cells[0].place
    bases = [cell.suite.base_model for cell in cells]
    read = [place.data_dir, place.methods_path, *(base.path for base in bases if isinstance(base, LocalBase))]
    read += [file.path for cell in cells for file in cell.suite.train_files.values()]
    by_entry = {cell.entry.name: cell for cell in cells}
    return Expected(
        files,
        tuple(dict.fromkeys(path.absolute() for path in read if path is not None)),
        str(code()["sources_sha256"]),
        environment()["packages"] | {"Python": environment()["python"]},
        {name: sha256 for cell in by_entry.values() for name, sha256 in cell.plugin_sources().items()},
        place.methods_path,
    )


def lacks(wanted: Expected) -> str:
    """Return what this machine has otherwise than that of the command, and what to do; "" where it has the same."""
    return next((problem for problem in _problems(wanted) if problem), "")


def _problems(wanted: Expected) -> Iterator[str]:
    if code()["sources_sha256"] != wanted.code:
        yield f"has other sources of harness than this command; {INSTALL}"
    found = environment()["packages"] | {"Python": environment()["python"]}
    for name in dict.fromkeys([*wanted.libraries, *found]):
        has, needed = found.get(name, "no version"), wanted.libraries.get(name, "none")
        if has != needed:
            yield f"has {name} {has}, this command {needed}; {INSTALL}"
    for path, text in wanted.files.items():
        yield _not_shared(path, text)
    for path in wanted.read:
        if not path.exists():
            yield f"does not have {path}; {MOUNT}"
    for name, sha256 in wanted.plugins.items():
        if _plugin(name, wanted.methods_path) != sha256:
            yield f"has another plugin {name} in {wanted.methods_path}; {INSTALL}"


def _plugin(name: str, methods_path: Path | None) -> str:
    """Return the sha256 of a plugin's sources, "" where it is missing or cannot be read."""
    try:
        return plugins.sources_sha256(name, methods_path)
    except (RequestError, OSError):
        return ""


def _not_shared(path: Path, text: str) -> str:
    try:
        if path.read_text(encoding="utf-8") != text:
            return f"has another {path.parent} than this command; {MOUNT}"
        with tempfile.TemporaryFile(dir=path.parent):
            return ""
    except FileNotFoundError:
        return f"does not see the files of this command in {path.parent}; {MOUNT}"
    except OSError as error:
        return f"cannot read and write {path.parent} ({error.strerror}); permit it there"


@contextmanager
def tokens(folders: Iterable[Path]) -> Iterator[Mapping[Path, str]]:
    """Yield a file with its text in each folder, or in the nearest one above it that exists; removed at the end."""
    text = secrets.token_hex(8)
    files = {nearest(folder.absolute()) / f".harness-nodes-{text}": text for folder in folders}
    try:
        for path in files:
            path.write_text(text, encoding="utf-8")
        yield files
    finally:
        for path in files:
            path.unlink(missing_ok=True)
