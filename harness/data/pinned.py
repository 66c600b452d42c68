"""Files that ir_datasets pins: their places, md5 and addresses, from its own catalogue (etc/downloads.json).

They are looked for in the user's data folder, then where ir_datasets keeps them ($IR_DATASETS_HOME, by default
~/.ir_datasets): who has them there need not fetch them again. The catalogue is read without importing ir_datasets,
which makes folders when it is imported; its own document store, a second copy of every corpus, is never built.
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

from harness.data.file_status import FileStatus, State, Where, usable
from harness.errors import DataError, unknown

SPLITS = {"miracl": ("train", "dev"), "miracl-train": ("train",)}  # of each reader


@dataclass(frozen=True)
class Pinned:
    """One file of the catalogue; `bytes` is its hint, which is off for some."""

    path: str  # below the home
    md5: str
    bytes: int | None
    url: str


def files(identifier: str, reader: str) -> list[Pinned]:
    """Return what a reader wants of COLLECTION/LANGUAGE: topics and judgments of its splits, then the corpus' parts.

    Raises RequestError for an id or a reader that there is not, and DataError for a language without such a split.
    """
    collection, _, language = identifier.partition("/")
    rows = {tuple(name.split("/")[1:]): row for name, row in _catalogue(collection).items()}  # without the version
    known = {f"{collection}/{name[0]}" for name in rows if "corpus" in name}
    if identifier not in known:
        raise unknown("ir_datasets id", identifier, known)
    if reader not in SPLITS:
        raise unknown("reader", reader, SPLITS, f"ir_datasets id {identifier}")
    names = [(language, split, what) for split in SPLITS[reader] for what in ("topics", "qrels")]
    if absent := [name for name in names if name not in rows]:
        raise DataError(f"ir_datasets id {identifier} has no {'/'.join(absent[0][1:])}; name a language that has it")
    parts = sum(name[:2] == (language, "corpus") for name in rows)
    return [_pinned(collection, rows[name]) for name in (*names, *((language, "corpus", str(i)) for i in range(parts)))]


def _pinned(collection: str, row: dict[str, Any]) -> Pinned:
    return Pinned(f"{collection}/{row['cache_path']}", row["expected_md5"], row.get("size_hint"), row["url"])


@cache
def _catalogue(collection: str) -> dict[str, dict[str, Any]]:
    """Return name, such as v1.0/ko/dev/topics → what the catalogue says of the file; {} for no such collection."""
    found = importlib.util.find_spec("ir_datasets")
    assert found is not None
    assert found.submodule_search_locations is not None
    path = Path(found.submodule_search_locations[0]) / "etc" / "downloads.json"
    rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")).get(collection, {})
    return rows


def home() -> Path:
    """Return where ir_datasets keeps its files."""
    return Path(os.environ.get("IR_DATASETS_HOME") or Path.home() / ".ir_datasets")


def find(file: Pinned, data_dir: Path | None) -> Path | None:
    """Return the first place where there is a file of that name, right or wrong; None where there is none.

    In the data folder a file may have ir_datasets' place or the publisher's name, in a folder of the collection or of
    the publisher's, or bare where the name says the language.
    """
    places = []
    if data_dir is not None:
        if not data_dir.is_dir():
            raise DataError(f"data folder {data_dir} is not a folder; correct --data-dir")
        *_, folder, name = PurePosixPath(file.url).parts
        places += [data_dir / file.path, data_dir / folder / name]
        if not name.startswith("docs-"):  # these names repeat from language to language
            places += [data_dir / PurePosixPath(file.path).parts[0] / name, data_dir / name]
    places.append(home() / file.path)
    return next((path for path in places if path.is_file()), None)


def states(identifier: str, reader: str, language: str, where: Where) -> Iterator[FileStatus]:
    """Yield the state of every file, in the order of `files`."""
    for file in files(identifier, reader):
        yield state(file, language, where)


def state(file: Pinned, language: str, where: Where) -> FileStatus:
    """Return the state of one file by its md5; raises DataError for one that cannot be read."""
    path = find(file, where.data_dir)
    if path is None:
        return FileStatus(language, file.path, "missing", file.bytes, f"md5:{file.md5}", file.url)
    try:
        with path.open("rb") as content:
            found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise DataError(f"data file {path} cannot be read: {error.strerror}; check its permissions") from error
    right: State = "present" if found == file.md5 else "damaged"
    return FileStatus(language, file.path, right, path.stat().st_size, f"md5:{file.md5}", str(path), f"md5:{found}")


def locate(identifier: str, reader: str, language: str, where: Where) -> list[Path]:
    """Return the verified places of the files, in the order of `files`; raises DataError for the first that is not."""
    return [usable(row, where, _remedy(row, where)) for row in states(identifier, reader, language, where)]


def _remedy(row: FileStatus, where: Where) -> str:
    if row.state == "missing":
        return f"run `harness data fetch {where.suite}`, or set IR_DATASETS_HOME to a folder that holds it"
    if row.place == str(home() / row.file):
        return f"run `harness data fetch {where.suite}`"
    return "replace or delete that file"


def fetch(identifier: str, reader: str, language: str, where: Where) -> None:
    """Download to ir_datasets' place what is missing or damaged there; a file of the user's is never replaced."""
    for file in files(identifier, reader):
        row = state(file, language, where)
        target = home() / file.path
        if row.state == "present":
            continue
        if row.state == "damaged" and Path(row.place) != target:
            usable(row, where, "replace or delete that file")
            continue
        _download(file, target)


def _download(file: Pinned, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.new")  # what is there stays until there is something better
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"cannot write {target}: {error.strerror}; set IR_DATASETS_HOME to another folder") from error
    from harness.data.download import download

    download(file.url, file.md5, fresh, "md5")
    fresh.replace(target)
