"""Folders of one request that were made on different machines, joined into one.

Every record is copied as it is, with its provenance; run.json gets the request of all parts together, and where each
record came from. What the parts say of the same thing has to agree: the suite, the base models, the settings, the data,
the recipe of an entry, and the scores of a cell that two parts have.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError, NothingMeasured, RequestError
from harness.execution.merge_checks import check_agreement, check_cell, check_facts
from harness.execution.widening import LEFT_OUT, PARTS, united
from harness.machine import plain_files
from harness.request.request import Request
from harness.results import checksums, record, stored_files
from harness.results.per_query import Reader
from harness.results.record import LOG, PER_QUERY, RECORDS, RUN, Record, beside
from harness.results.run_file import RUN_FILE, RunFile, read_run_file, write_run_file


@dataclass(frozen=True)
class Part:
    """One of the folders: its run.json, its request, and its records with their paths."""

    folder: Path
    run: RunFile
    request: Request
    records: Mapping[Path, Record]  # path, relative to the folder

    @property
    def resolved(self) -> Mapping[str, Any]:
        resolved: Mapping[str, Any] = self.run.content["resolved"]
        return resolved


@dataclass(frozen=True)
class Merged:
    """The joined folder: how many records it has of each part."""

    folder: Path
    counts: Mapping[str, int]


def merge(folders: Sequence[Path], out: Path) -> Merged:
    """Write the folder that joins `folders`; of a cell that two of them have alike, the first one's record is kept.

    Raises RequestError or DataError, one line, for folders that contradict each other, were changed, or hold links, and
    for a target that is not new. Nothing is at `out` by then.
    """
    if len({folder.resolve() for folder in folders}) < 2:
        raise RequestError("harness merge joins two or more different folders; name them before --out")
    _check_target(folders, out)
    parts = [_part(folder) for folder in folders]
    for other in parts[1:]:
        check_agreement(parts[0].run, other.run, (str(parts[0].folder), str(other.folder)))
    chosen = _chosen(parts)
    check_facts((str(part.folder), each) for part in parts for each in part.records.values() if each.status == "done")
    _write(parts, chosen, out)
    return Merged(out, {str(part.folder): len(_of(part, chosen)) for part in parts})


def _part(folder: Path) -> Part:
    """Return a folder that is as it was written."""
    run = read_run_file(folder)
    resolved = run.content.get("resolved")
    if run.request is None or not isinstance(resolved, Mapping) or not resolved.get("entries"):
        raise DataError(f"{folder} has no {RUN_FILE} with a request; name a folder that 'harness run --out' wrote")
    paths = record.paths(folder)
    for item in checksums.differences(folder):
        if item.file in (RUN_FILE, checksums.SUMS) or item.file.startswith(f"{RECORDS}/"):
            raise DataError(f"{folder} was changed after it was written ({item}); run `harness verify {folder}`")
    records = {path.relative_to(folder): record.read(path, folder) for path in paths}
    if not records:
        raise NothingMeasured(f"no records below {folder / RECORDS}; leave it out")
    _check_records(folder, records)
    return Part(folder, run, run.request, records)


def _check_records(folder: Path, records: Mapping[Path, Record]) -> None:
    """Raise DataError for a record that is not in its place, or not what the files beside it say."""
    per_query = Reader(folder)
    for relative, each in records.items():
        if each.path(Path()) != relative or len(relative.parts) != 4:
            raise DataError(f"{folder / relative} is not the place of the cell {each.name}; leave {folder} out")
        if not stored_files.intact_as_published(folder, each):
            raise DataError(f"the files beside {folder / relative} do not match the sha256 in the record; run it again")
        if each.status == "done":
            per_query.read(each)  # whose means the record has


def _chosen(parts: Sequence[Part]) -> dict[Path, Part]:
    """Return the part whose record of each cell is kept: the first that is done, else the first."""
    chosen: dict[Path, Part] = {}
    for part in parts:
        for path, each in part.records.items():
            if path not in chosen:
                chosen[path] = part
                continue
            before = chosen[path].records[path]
            if before.status == each.status == "done":
                check_cell(before, each, (str(chosen[path].folder), str(part.folder)))
            elif each.status == "done":
                chosen[path] = part
    return chosen


def _check_target(folders: Sequence[Path], out: Path) -> None:
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise RequestError(f"{out} is not a new or empty folder; name another one after --out")
    for folder in folders:
        if not folder.is_dir():
            raise RequestError(f"{folder} is not a folder; name one that 'harness run --out' wrote")
        if out.resolve().is_relative_to(folder.resolve()):
            raise RequestError(f"--out {out} is inside {folder}; name a folder outside of it")


def _of(part: Part, chosen: Mapping[Path, Part]) -> list[str]:
    """Return the cells whose records are a part's."""
    return sorted(part.records[path].name for path, owner in chosen.items() if owner is part)


def _write(parts: Sequence[Part], chosen: Mapping[Path, Part], out: Path) -> None:
    """Write the folder beside its place, and move it there when it is whole."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        try:
            new = aside / "new"
            for path, part in chosen.items():
                _copy(part, path, new)
            write_run_file(new, _run_content(parts, chosen))
            checksums.seal(new)
            if out.is_dir():
                out.rmdir()
            new.rename(out)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}; name another one after --out") from error


def _copy(part: Part, path: Path, new: Path) -> None:
    """Copy a record and the files beside it; raises DataError for one that changed meanwhile."""
    for file in (path, *(beside(path, suffix) for suffix in (PER_QUERY, RUN, LOG))):
        if plain_files.is_plain(part.folder, file.as_posix()):
            plain_files.copy(part.folder, file.as_posix(), new)
    if record.read(new / path) != part.records[path] or not stored_files.intact_as_published(new, part.records[path]):
        raise DataError(f"{part.folder / path} changed while it was copied; merge again")


def _run_content(parts: Sequence[Part], chosen: Mapping[Path, Part]) -> dict[str, Any]:
    first = parts[0]
    request, resolved = first.request, dict(first.resolved)
    for other in parts[1:]:
        request = united(request, other.request, tuple(resolved["languages"]), tuple(other.resolved["languages"]))
        resolved |= dict(_united_parts(resolved, other.resolved))
    origins = {str(i): _origin(part, chosen) for i, part in enumerate(parts, start=1)}
    content = {
        **first.run.content,
        "command": ["harness", *sys.argv[1:]],
        "request": request.to_json(),
        "resolved": resolved,
        "merged": origins,
        **_lists(parts),
    }
    return {name: value for name, value in content.items() if name not in ("environment", "additions")}


def _lists(parts: Sequence[Part]) -> dict[str, Any]:
    """Return the warnings of all parts, the files whose hashes they found, and the names in model cards, if any."""
    warnings = dict.fromkeys(line for part in parts for line in part.run.content.get("warnings", ()))
    tables: dict[str, dict[str, Any]] = {"found": {}, "model_names": {}}
    for part in parts:
        tables = {name: {**part.run.content.get(name, {}), **table} for name, table in tables.items()}
    return {name: value for name, value in (("warnings", list(warnings)), *tables.items()) if value}


def _united_parts(stored: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what two resolved requests have together of each of PARTS, and what both leave out."""
    if left_out := {**stored.get(LEFT_OUT, {}), **other.get(LEFT_OUT, {})}:
        yield LEFT_OUT, left_out
    for part in PARTS:
        if part not in stored:
            continue
        if isinstance(stored[part], Mapping):
            yield part, {**stored[part], **other[part]}
        else:
            yield part, [*stored[part], *(value for value in other[part] if value not in stored[part])]


def _origin(part: Part, chosen: Mapping[Path, Part]) -> dict[str, Any]:
    """Return where records came from: the folder, its run.json, what made it, and the cells."""
    kept = ("command", "environment", "additions", "merged")
    return {
        "folder": str(part.folder),
        "run_sha256": plain_files.sha256(part.folder, RUN_FILE),
        "cells": _of(part, chosen),
        **{name: part.run.content[name] for name in kept if name in part.run.content},
    }
