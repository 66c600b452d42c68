"""The state of one file of a suite, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import DataError

State = Literal["present", "missing", "damaged"]


@dataclass(frozen=True)
class Where:
    """Where files are looked for, and the suite that an error names in what to do next.

    With `accept`, a file that is there is taken as it is: its content may be another than the manifest's.
    """

    data_dir: Path | None
    cache_dir: Path
    suite: str = "SUITE"
    accept: bool = False


@dataclass(frozen=True)
class FileStatus:
    """One file of one language; `place` is where it was found, or where it comes from when it was not.

    `hash` is the expected one with its kind before a colon: sha256, md5, or git (sha1 of a git blob); empty where the
    origin names none. `found` is that of what lies there. `bytes` is None where nobody has said.
    """

    language: str
    file: str
    state: State
    bytes: int | None
    hash: str
    place: str
    found: str = ""

    def __str__(self) -> str:
        kind, _, value = self.hash.partition(":")
        size = "?" if self.bytes is None else str(self.bytes)
        return f"{self.language:<4} {self.state:<8} {size:>10} {kind:<6} {value[:12]:<12}  {self.file}  {self.place}"


def usable(row: FileStatus, where: Where, remedy: str) -> Path:
    """Return the place of a file that can be read; raises DataError, with `remedy`, for one that is not to be read."""
    if row.state == "missing":
        raise DataError(f"data file {row.file} of suite {where.suite} is missing; {remedy}")
    if row.state == "damaged" and not where.accept:
        expected, found = row.hash.replace(":", " "), row.found.replace(":", " ")
        raise DataError(
            f"data file {row.place} is damaged: expected {expected}, found {found}; {remedy}, "
            "or take it as it is with --unverified-data"
        )
    return Path(row.place)
