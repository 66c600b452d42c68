"""Files that ir_datasets pins: their paths, md5 and URLs, from its own catalogue (etc/downloads.json).

A file is searched for in the user's data folder, then where ir_datasets keeps it ($IR_DATASETS_HOME, by default
~/.ir_datasets), so that existing downloads are used. The catalogue is read without importing ir_datasets, which creates
folders at import; its document store, a second copy of every corpus, is never built.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from harness.data.file_status import (
    FileStatus,
    Lookup,
    check_data_dir,
    first_file,
    hash_state,
    unreadable,
    verified_path,
)
from harness.errors import DataError, unknown

SPLITS = {"miracl": ("train", "dev"), "miracl-train": ("train",)}  # reader → the splits that it reads
REPLACE = "replace or delete that file"


@dataclass(frozen=True)
class PinnedFile:
    """One file of the catalogue; `bytes` is the catalogue's size hint, which is wrong for some files."""

    path: str  # below the home
    md5: str
    bytes: int | None
    url: str


def files(identifier: str, reader: str) -> list[PinnedFile]:
    """Return the files of COLLECTION/LANGUAGE for a reader: topics and judgments of its splits, then the corpus parts.

    Raises RequestError for an unknown id or reader, and DataError for a language without one of the splits.
    """
    collection, _, language = identifier.partition("/")
    rows = {tuple(name.split("/")[1:]): row for name, row in _catalogue(collection).items()}  # without the version
    known = {f"{collection}/{name[0]}" for name in rows if "corpus" in name}
    if identifier not in known:
        raise unknown("ir_datasets id", identifier, known)
    if reader not in SPLITS:
        raise unknown("reader", reader, SPLITS, f"ir_datasets id {identifier}")
    names = [(language, split, table) for split in SPLITS[reader] for table in ("topics", "qrels")]
    if missing := [name for name in names if name not in rows]:
        raise DataError(f"ir_datasets id {identifier} has no {'/'.join(missing[0][1:])}; use a language that has it")
    parts = sum(name[:2] == (language, "corpus") for name in rows)
    names += [(language, "corpus", str(number)) for number in range(parts)]
    return [_pinned_file(collection, rows[name]) for name in names]


def _pinned_file(collection: str, row: dict[str, Any]) -> PinnedFile:
    return PinnedFile(f"{collection}/{row['cache_path']}", row["expected_md5"], row.get("size_hint"), row["url"])


@cache
def _catalogue(collection: str) -> dict[str, dict[str, Any]]:
    """Return name (such as v1.0/ko/dev/topics) → the catalogue's row; {} for an unknown collection."""
    spec = importlib.util.find_spec("ir_datasets")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "etc" / "downloads.json"
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")).get(collection, {})
    return rows


def home() -> Path:
    """Return the folder in which ir_datasets keeps its files."""
    return Path(os.environ.get("IR_DATASETS_HOME") or Path.home() / ".ir_datasets")


def find(file: PinnedFile, data_dir: Path | None) -> Path | None:
    """Return the first existing file of that name, whatever its content; None if there is none.

    In the data folder a file may have ir_datasets' path, or the publisher's name: in a folder of the collection, in
    the publisher's folder, or at the top if the name includes the language.
    """
    candidates = []
    if data_dir is not None:
        check_data_dir(data_dir)
        *_, folder, name = PurePosixPath(file.url).parts
        candidates += [data_dir / file.path, data_dir / folder / name]
        if not name.startswith("docs-"):  # corpus parts of different languages share their names
            candidates += [data_dir / PurePosixPath(file.path).parts[0] / name, data_dir / name]
    return first_file([*candidates, home() / file.path])


def states(identifier: str, reader: str, language: str, lookup: Lookup) -> Iterator[FileStatus]:
    """Yield the state of every file, in the order of `files`."""
    for file in files(identifier, reader):
        yield status(file, language, lookup.data_dir)


def status(file: PinnedFile, language: str, data_dir: Path | None) -> FileStatus:
    """Return the state of one file by its md5; raises DataError if it cannot be read."""
    path, expected = find(file, data_dir), f"md5:{file.md5}"
    if path is None:
        return FileStatus(language, file.path, "missing", file.bytes, expected, file.url)
    try:
        with path.open("rb") as content:
            md5 = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
    actual = f"md5:{md5}"
    return FileStatus(
        language, file.path, hash_state(expected, actual), path.stat().st_size, expected, str(path), actual
    )


def paths(identifier: str, reader: str, language: str, lookup: Lookup) -> list[Path]:
    """Return the verified paths, in the order of `files`; raises DataError for the first missing or damaged file."""
    return [verified_path(row, lookup, _remedy(row, lookup)) for row in states(identifier, reader, language, lookup)]


def _remedy(row: FileStatus, lookup: Lookup) -> str:
    if row.state == "missing":
        return f"run `harness data fetch {lookup.argument}`, or set IR_DATASETS_HOME to a folder that holds it"
    if row.location == str(home() / row.file):
        return f"run `harness data fetch {lookup.argument}`"
    return REPLACE


def fetch(identifier: str, reader: str, language: str, lookup: Lookup) -> None:
    """Download missing and damaged files to ir_datasets' home; a file of the user's is never replaced."""
    for file in files(identifier, reader):
        row = status(file, language, lookup.data_dir)
        target = home() / file.path
        if row.state == "damaged" and Path(row.location) != target:
            verified_path(row, lookup, REPLACE)
        elif row.state != "present":
            _download(file, target)


def _download(file: PinnedFile, target: Path) -> None:
    partial = target.with_name(f"{target.name}.new")  # the old file stays until the new one is verified
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}; set IR_DATASETS_HOME to another folder") from error
    from harness.data.download import download

    download(file.url, file.md5, partial, "md5")
    partial.replace(target)
