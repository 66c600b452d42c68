"""SHA256SUMS of an output folder: one line for every file below it, as `sha256sum` writes and checks it.

    <sha256>  leaderboard.csv
    …
    # <sha256> of the lines above

The last line, a comment for `sha256sum --check`, guards the list itself. A line is written together with its file: a
file that is changed afterwards keeps its old line when a report is written again, so `harness verify` still names it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError, RequestError
from harness.keys import file_sha256
from harness.machine.atomic import write_atomically

SUMS = "SHA256SUMS"
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))  # GNU coreutils': such a line begins with a backslash


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was written; `what` is "changed", "missing" or "not listed"."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.what}: {self.file}"


def files_below(folder: Path) -> list[str]:
    """Return the names of all files below a folder except the list itself, sorted, with slashes."""
    return sorted(name for name in _below(str(folder), "") if name != SUMS)


def _below(folder: str, prefix: str) -> Iterator[str]:
    try:
        items = list(os.scandir(folder))
    except PermissionError:
        return
    for item in items:
        if item.is_dir(follow_symlinks=False):
            yield from _below(item.path, f"{prefix}{item.name}/")
        elif item.is_file() or item.is_symlink():
            yield f"{prefix}{item.name}"


def seal(folder: Path, written: Iterable[str] = ()) -> None:
    """List the files of a folder: those `written` just now and those without a line are hashed.

    All others keep their line. A damaged or missing list is rebuilt from the files that exist. Raises RequestError if
    the list cannot be written.
    """
    known, intact = _read(folder)
    known = known if intact else {}
    changed = set(written)
    try:
        for name in files_below(folder):
            if name not in known or name in changed:
                known[name] = file_sha256(folder / name)
        _write(folder, known)
    except OSError as error:
        raise RequestError(f"cannot write {folder / SUMS}: {error.strerror}; make it writable") from error


def lists(folder: Path, name: str) -> bool:
    """Return whether the list of a folder has a line for a file."""
    return name in _read(folder)[0]


def leaves_out(folder: Path, name: str) -> bool:
    """Return whether a folder has an intact list without a line for a file."""
    known, intact = _read(folder)
    return intact and name not in known


def unlist(folder: Path, prefixes: Sequence[str]) -> None:
    """Remove the files whose names begin with one of `prefixes` from the list: they are about to be written again."""
    known, intact = _read(folder)
    if not intact:
        return
    kept = {name: sha256 for name, sha256 in known.items() if not name.startswith(tuple(prefixes))}
    if len(kept) < len(known):
        _write(folder, kept)


def differences(folder: Path) -> list[Difference]:
    """Return every file below a folder that is changed, missing or not listed, by name; the list itself first.

    If the list itself was changed, its other lines may be wrong. Raises DataError if there is no list.
    """
    if not (folder / SUMS).is_file():
        raise DataError(f"{folder} has no {SUMS}; `harness report {folder}` lists the files as they are now")
    known, intact = _read(folder)
    changes = [] if intact else [Difference(SUMS, "changed")]
    present = files_below(folder)
    for name in sorted({*known, *present}):
        if name not in known:
            changes.append(Difference(name, "not listed"))
        elif name not in present:
            changes.append(Difference(name, "missing"))
        elif _sha256(folder / name) != known[name]:
            changes.append(Difference(name, "changed"))
    return changes


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError:
        return ""


def _write(folder: Path, known: Mapping[str, str]) -> None:
    body = "".join(_line(name, known[name]) for name in sorted(known)).encode(errors="surrogateescape")
    write_atomically(folder / SUMS, body + _guard(body))


def _guard(body: bytes) -> bytes:
    return f"# {hashlib.sha256(body).hexdigest()} of the lines above\n".encode()


def _line(name: str, sha256: str) -> str:
    escaped = name
    for plain, written in _ESCAPES:
        escaped = escaped.replace(plain, written)
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"


def _read(folder: Path) -> tuple[dict[str, str], bool]:
    """Return name → sha256, and whether the list is intact; {} if there is none.

    From a damaged list, the lines that can be parsed are returned.
    """
    try:
        content = (folder / SUMS).read_bytes()
    except OSError:
        return {}, False
    end = content.rstrip(b"\n").rfind(b"\n") + 1
    body, guard = content[:end], content[end:]
    known = {}
    for line in body.decode(errors="surrogateescape").split("\n"):
        sha256, separator, name = line.partition("  ")
        if separator and name:
            known[_unescaped(name) if sha256.startswith("\\") else name] = sha256.removeprefix("\\")
    return known, guard == _guard(body)


def _unescaped(name: str) -> str:
    plain, escaped = "", name
    while escaped:
        step = next((pair for pair in _ESCAPES if escaped.startswith(pair[1])), None)
        plain, escaped = plain + (step[0] if step else escaped[0]), escaped[len(step[1]) if step else 1 :]
    return plain
