"""A result folder becomes the new baseline: the whole folder, once it is known to be complete, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError, RequestError
from harness.machine import plain_files
from harness.results import checksums, record
from harness.results.folder import nothing_measured
from harness.results.record import Record
from harness.results.run_file import RUN_FILE, Resolved, read_run_file
from harness.results.stored_files import problem


def update(folder: Path, baseline: Path) -> None:
    """Replace the baseline by a copy of `folder`.

    Raises NothingMeasured for a folder without records, DataError for one with failed or missing cells or with files
    that have changed, and RequestError for a target that is not a baseline.
    """
    check_complete(folder)
    _check_place(folder, baseline)
    try:
        baseline.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=baseline.parent, prefix=f".{baseline.name}."))
        try:
            for name in plain_files.files(folder):
                plain_files.copy(folder, name, aside / "new")
            if baseline.exists():
                baseline.rename(aside / "old")
            try:
                (aside / "new").rename(baseline)
            except OSError:
                if (aside / "old").exists():
                    (aside / "old").rename(baseline)
                raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise RequestError(f"{baseline} cannot be written: {error.strerror}; name another baseline") from error


def check_complete(folder: Path) -> None:
    """Raise if a folder cannot be a baseline: every requested cell is measured, every file as it was written."""
    records = record.read_all(folder)
    if not records:
        raise nothing_measured(folder)
    for cell in records:
        if cell.status == "failed":
            raise DataError(f"{cell.name} in {folder} failed; a baseline has no failed cell: run the request again")
        if why := problem(folder, cell) if cell.files else "it names no files":
            raise DataError(f"record {cell.name} in {folder} cannot be part of a baseline: {why}; run it again")
    if not checksums.is_there(folder):
        raise DataError(f"{folder} has no {checksums.SUMS} to verify its files; run the request again")
    if differences := checksums.differences(folder):
        raise DataError(f"{folder} was changed after it was written ({differences[0]}): run it again")
    for name in _missing_cells(read_run_file(folder).resolved, records):
        raise DataError(f"{name} of {folder} is missing; run its request to the end")


def _missing_cells(resolved: Resolved, records: Sequence[Record]) -> list[str]:
    """Return the cells of a request that have no record; of an untrained entry, one seed is enough."""
    trained = {record.entry: record.trained for record in records}
    names, pairs = {record.name for record in records}, {record.pair for record in records}
    missing = []
    for entry in resolved.entries:
        for language in resolved.languages:
            seeds = (resolved.seeds or ()) if trained.get(entry, False) else ()
            missing += [name for seed in seeds if (name := f"{entry}/{language}/{seed}") not in names]
            missing += [] if (entry, language) in pairs else [f"{entry}/{language}"]
    return missing


def _check_place(folder: Path, baseline: Path) -> None:
    source, target = folder.resolve(), baseline.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise RequestError(f"{folder} and the baseline {baseline} contain each other; give them separate folders")
    if baseline.is_symlink() or (baseline.exists() and not baseline.is_dir()):
        raise RequestError(f"{baseline} is not a folder; name another baseline")
    if baseline.is_dir() and any(baseline.iterdir()) and not (baseline / RUN_FILE).is_file():
        raise RequestError(f"{baseline} is not empty and not a baseline (no {RUN_FILE}); name another folder")
