"""SHA256SUMS of an output folder: one line for every file below it, as `sha256sum` writes and checks it.

    <sha256>  leaderboard.csv
    …
    # <sha256> of the lines above

The last line, a comment for `sha256sum --check`, guards the list itself, and every other line has exactly this form:
the list is damaged otherwise. Only plain files are listed and hashed (harness.machine.plain_files). A line is written
together with its file: a file that is changed afterwards keeps its old line when a report is written again, so
`harness verify` still names it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError, RequestError
from harness.machine import plain_files
from harness.machine.atomic import write_atomically

SUMS = "SHA256SUMS"
NOT_PLAIN = "not a plain file"
DAMAGED = ("changed", "unreadable", NOT_PLAIN)
_LINE = re.compile(r"(\\?)([0-9a-f]{64})  ([^\n]+)\n")
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))  # GNU coreutils': such a line begins with a backslash


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was written; `what` is "missing", "not listed" or one of DAMAGED."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.what}: {self.file}"


def files_below(folder: Path) -> list[str]:
    """Return the names of all plain files below a folder except the list itself, sorted, with slashes."""
    return [name for name in plain_files.files(folder) if name != SUMS]


def is_there(folder: Path) -> bool:
    """Return whether a folder has a list, damaged or not."""
    return os.path.lexists(folder / SUMS)


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
                known[name] = plain_files.sha256(folder, name)
        _write(folder, known)
    except OSError as error:
        what = plain_files.remedy(error, "make it writable")
        raise RequestError(f"cannot write {folder / SUMS}: {error.strerror}; {what}") from error


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

    A file that cannot be read is "unreadable", a link or a device "not a plain file". If the list itself was changed,
    its other lines may be wrong. Raises DataError if there is no list.
    """
    if not is_there(folder):
        raise DataError(f"{folder} has no {SUMS}; `harness report {folder}` lists the files as they are now")
    known, intact = _read(folder)
    changes = [] if intact else [Difference(SUMS, "changed")]
    present, odd = set(files_below(folder)), plain_files.odd_files(folder)
    for name in sorted({*known, *present, *odd} - {SUMS}):
        if what := NOT_PLAIN if name in odd else _difference(folder, name, known.get(name), name in present):
            changes.append(Difference(name, what))
    return changes


def _difference(folder: Path, name: str, listed: str | None, present: bool) -> str:
    """Return how a plain file differs from its line, "" if it does not."""
    if listed is None:
        return "not listed"
    if not present:
        return "missing"
    try:
        return "" if plain_files.sha256(folder, name) == listed else "changed"
    except OSError:
        return "unreadable"


def _write(folder: Path, known: Mapping[str, str]) -> None:
    body = "".join(_line(name, known[name]) for name in sorted(known)).encode(errors="surrogateescape")
    write_atomically(plain_files.place(folder, SUMS), body + _guard(body))


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
        content = plain_files.read(folder, SUMS, "TABLE_BYTES")
    except OSError:
        return {}, False
    end = content.rstrip(b"\n").rfind(b"\n") + 1
    body, guard = content[:end], content[end:]
    known: dict[str, str] = {}
    intact = guard == _guard(body)
    for line in body.decode(errors="surrogateescape").split("\n")[:-1]:
        parsed = _parsed(f"{line}\n")
        if parsed is None or parsed[0] in known:
            intact = False
        else:
            known[parsed[0]] = parsed[1]
    return known, intact


def _parsed(line: str) -> tuple[str, str] | None:
    """Return name and sha256 of a line, None for one that `seal` does not write."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    name = _unescaped(match[3]) if match[1] else match[3]
    return (name, match[2]) if plain_files.is_name(name) and _line(name, match[2]) == line else None


def _unescaped(name: str) -> str:
    plain, escaped = "", name
    while escaped:
        step = next((pair for pair in _ESCAPES if escaped.startswith(pair[1])), None)
        plain, escaped = plain + (step[0] if step else escaped[0]), escaped[len(step[1]) if step else 1 :]
    return plain
