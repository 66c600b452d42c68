"""The state of one file of a suite, wherever it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import DataError

State = Literal["present", "missing", "damaged"]


@dataclass(frozen=True)
class Lookup:
    """The folders that are searched for files, and the suite that an error message names.

    `folders` are those beside the suite's manifest where the suite was named by its path, and `given` is this path.
    With `unverified`, an existing file is used even if its content differs from the manifest's.
    """

    data_dir: Path | None
    cache_dir: Path
    suite: str = "SUITE"
    unverified: bool = False
    folders: tuple[Path, ...] = ()
    given: str = ""

    @property
    def argument(self) -> str:
        """What a command line names the suite by."""
        return self.given or self.suite


@dataclass(frozen=True)
class FileStatus:
    """One file of one language; `location` is its path, or its origin if it is missing.

    Hashes are written KIND:VALUE, with kind sha256, md5, or git (sha1 of a git blob). `expected` is empty if the
    origin names no hash, `actual` if the file is missing. `bytes` is None if the size is unknown.
    """

    language: str
    file: str
    state: State
    bytes: int | None
    expected: str
    location: str
    actual: str = ""

    def __str__(self) -> str:
        kind, _, value = self.expected.partition(":")
        size = "?" if self.bytes is None else str(self.bytes)
        return f"{self.language:<4} {self.state:<8} {size:>10} {kind:<6} {value[:12]:<12}  {self.file}  {self.location}"


def hash_state(expected: str, actual: str) -> State:
    """Return whether a file with the hash `actual` is the expected one; without an expected hash it is."""
    return "present" if expected in ("", actual) else "damaged"


def verified_path(row: FileStatus, lookup: Lookup, remedy: str) -> Path:
    """Return the path of a file; raises DataError, which ends with `remedy`, if it is missing or damaged."""
    if row.state == "missing":
        raise DataError(f"data file {row.file} of suite {lookup.suite} is missing; {remedy}")
    if row.state == "damaged" and not lookup.unverified:
        expected, actual = row.expected.replace(":", " "), row.actual.replace(":", " ")
        raise DataError(
            f"data file {row.location} is damaged: expected {expected}, found {actual}; {remedy}, "
            "or accept it with --unverified-data"
        )
    return Path(row.location)


def first_file(candidates: Iterable[Path]) -> Path | None:
    """Return the first candidate that is a file, whatever its content; None if there is none."""
    return next((path for path in candidates if path.is_file()), None)


def check_data_dir(data_dir: Path) -> None:
    """Raise DataError if the user's data folder is not a folder."""
    if not data_dir.is_dir():
        raise DataError(f"data folder {data_dir} is not a folder; correct --data-dir")


def unreadable(path: Path, error: OSError) -> DataError:
    """Return the error for a data file that the operating system does not let us read."""
    return DataError(f"data file {path} cannot be read: {error.strerror}; check its permissions")
