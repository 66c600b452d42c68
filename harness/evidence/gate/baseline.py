"""A result folder becomes the new baseline: all of it, once it is known to be whole, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from harness.errors import CellError, DataError, NothingMeasured, RequestError
from harness.evidence.leaderboard import read_run_json, resolved
from harness.execution.output_folder import RUN
from harness.results import checksums, record
from harness.results.record import Record


def update(folder: Path, baseline: Path) -> None:
    """Put a copy of `folder` in the baseline's place.

    Raises NothingMeasured for a folder without records, CellError for one with failed or missing cells, DataError for
    one that is not as it was written, and RequestError for a place that is not a baseline's.
    """
    whole(folder)
    _check_place(folder, baseline)
    try:
        baseline.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=baseline.parent, prefix=f".{baseline.name}."))
        try:
            shutil.copytree(folder, aside / "new")
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


def whole(folder: Path) -> None:
    """Raise where a folder is not fit to be a baseline: its request is measured, every file as it was written."""
    records = record.read_all(folder)
    if not records:
        raise NothingMeasured(f"no records below {folder / 'records'}; name a folder that 'harness run --out' wrote")
    for one in records:
        if one.status == "failed":
            raise CellError(f"{_name(one)} in {folder} failed; a baseline has no failed cell: run the request again")
        if not (one.files and record.intact(folder, one)):
            raise DataError(f"the files of record {_name(one)} in {folder} are not those it names; run it again")
    if not (folder / checksums.SUMS).is_file():
        raise DataError(
            f"{folder} has no {checksums.SUMS}, so that nothing vouches for its files; run the request again"
        )
    if found := checksums.differences(folder):
        raise DataError(f"{folder} is not as it was written ({found[0]}); no baseline is made of it: run it again")
    _check_complete(folder, records)


def _check_complete(folder: Path, records: list[Record]) -> None:
    """Raise CellError where a cell of the folder's own request has no record."""
    run = read_run_json(folder)
    asked = resolved(run)
    names = [list(asked.get(name) or ()) for name in ("entries", "languages", "seeds")]
    trained = {one.entry: one.trained for one in records}
    there = {(one.entry, one.language, one.seed) for one in records}
    for entry in names[0]:
        for language in names[1]:
            for seed in names[2] if trained.get(entry, False) else names[2][:0]:
                if (entry, language, seed) not in there:
                    raise CellError(f"{entry}/{language}/{seed} of {folder} is missing; run its request to the end")
            if not any((entry, language) == cell[:2] for cell in there):
                raise CellError(f"{entry}/{language} of {folder} is missing; run its request to the end")


def _check_place(folder: Path, baseline: Path) -> None:
    source, target = folder.resolve(), baseline.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise RequestError(f"{folder} and the baseline {baseline} lie in one another; give them folders of their own")
    if baseline.is_symlink() or (baseline.exists() and not baseline.is_dir()):
        raise RequestError(f"{baseline} is not a folder; name another baseline")
    if baseline.is_dir() and any(baseline.iterdir()) and not (baseline / RUN).is_file():
        raise RequestError(f"{baseline} holds something else than a baseline (no {RUN}); name another folder")


def _name(one: Record) -> str:
    return f"{one.entry}/{one.language}/{one.seed}"
