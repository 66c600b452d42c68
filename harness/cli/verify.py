"""The `verify` command."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import options
from harness.errors import NothingMeasured, RequestError, unknown

if TYPE_CHECKING:
    from harness.evidence.verification.rebuild import Rebuilt
    from harness.report.summaries.verification_page import Verification
    from harness.request.cell import Cell


def verify(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    cells: Annotated[str, typer.Option(help="ENTRY/LANGUAGE/SEED, parted by commas; all by default.")] = "",
    hashes_only: Annotated[bool, typer.Option("--hashes-only", help="Run no cell again.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; that of the run by default.")] = None,
    jobs: options.Jobs = None,
    margin: Annotated[float, typer.Option(help="How far the mean of a measure may move, in its units.")] = 0.01,
    encode_batch_size: Annotated[int | None, typer.Option(min=1, help="In place of the suite's.")] = None,
    suite: options.SuiteNow = None,
    base_model: options.BaseModelNow = None,
    data_dir: options.DataDirNow = None,
    methods_path: options.MethodsPathNow = None,
    cache_dir: options.CacheDir = None,
    out: Annotated[Path | None, typer.Option(help="The page, as .md or .json; printed by default.")] = None,
) -> None:
    """Find what was changed in a folder, then run its cells again and grade how well they come out."""
    from harness.evidence.verification.rebuild import Elsewhere, rebuild
    from harness.evidence.verification.rerun import Again
    from harness.execution.runner import default_jobs
    from harness.machine.device import resolve_device
    from harness.machine.store import default_root
    from harness.report.summaries.verification_page import Verification

    _check_out(folder, out)
    if not 0 < margin < 1:
        raise RequestError(f"--margin {margin:g}: want a difference of a measure between 0 and 1, such as 0.01")
    found = check_files(folder)
    if not hashes_only and not found.differences:
        place = Elsewhere(suite, base_model, _absolute(data_dir), _absolute(methods_path))
        if device is not None:
            place = replace(place, device=resolve_device(device))
        rebuilt = rebuild(folder, (cache_dir or default_root()).absolute(), place)
        resolve_device(rebuilt.request.place.device)  # refuses one that is not here
        how = Again(jobs or default_jobs(rebuilt.request.place.device), margin, encode_batch_size)
        chosen, skipped = choose(folder, rebuilt, cells)
        graded = _run_again(folder, rebuilt, chosen, how)
        changed = {"encode_batch_size": str(encode_batch_size)} if encode_batch_size is not None else {}
        found = Verification(folder, found.files, (), graded, skipped, margin, changed, found.unpublished)
    _say(found, out)
    if not found.passed:
        raise typer.Exit(1)


def check_files(folder: Path) -> Verification:
    """Return what is changed, missing or not listed below a folder, by its list and by its records' own hashes."""
    from harness.errors import DataError
    from harness.report.summaries.verification_page import Verification
    from harness.results import record
    from harness.results.checksums import Difference, differences, files_below

    found = differences(folder)
    named, unpublished = {one.file for one in found}, 0
    for path in sorted((folder / "records").rglob("*.json")):
        name = path.relative_to(folder).as_posix()
        try:
            one = record.read(path)
            ok = name in named or record.intact_as_published(folder, one)
            unpublished += record.unpublished(folder, one)
        except DataError:
            ok = False
        beside = {name.removesuffix("json") + suffix for suffix in (record.PER_QUERY, record.RUN)}
        if not ok and not beside & named:
            found.append(Difference(name, "names other files than those beside it"))
    return Verification(folder, len(files_below(folder)) + 1, found, unpublished=unpublished)


def choose(folder: Path, rebuilt: Rebuilt, cells: str) -> tuple[list[Cell], list[str]]:
    """Return the cells to run again, and the names of those that have no done record.

    Raises RequestError for a cell that there is not, and NothingMeasured where none is done.
    """
    from harness.results import record

    done = {f"{one.entry}/{one.language}/{one.seed}" for one in record.read_all(folder) if one.status == "done"}
    known = {str(cell): cell for cell in rebuilt.plan.cells}
    wanted = [name.strip() for name in re.split(r",(?![^\[]*\])", cells) if name.strip()] or list(known)
    for name in wanted:
        if name not in known:
            raise unknown("cell", name, known)
    if strangers := sorted(done - known.keys()):
        raise RequestError(f"{folder} has a record of {strangers[0]}, which its request does not ask for; delete it")
    chosen = [known[name] for name in dict.fromkeys(wanted) if name in done]
    if not chosen:
        raise NothingMeasured(f"no done cell to run again in {folder}; run its request first")
    return chosen, [name for name in wanted if name not in done]


def _run_again(folder: Path, rebuilt: Rebuilt, chosen: Sequence[Cell], how: Any) -> list[Any]:
    from rich.console import Console

    from harness.evidence.verification.rerun import verify_cells
    from harness.execution.progress import Display

    return list(verify_cells(folder, rebuilt, chosen, how, Display(Console(stderr=True))))


def _check_out(folder: Path, out: Path | None) -> None:
    if not folder.is_dir():
        raise RequestError(f"{folder} is no folder; name one that 'harness run --out' wrote")
    if out is None:
        return
    if out.suffix not in (".md", ".json"):
        raise RequestError(f"--out {out}: want a file that ends in .md or .json")
    if out.resolve().is_relative_to(folder.resolve()):
        raise RequestError(f"--out {out} lies in the folder that is verified; name a file outside of it")


def _say(found: Verification, out: Path | None) -> None:
    from harness.machine.atomic import write_atomically
    from harness.report.summaries.verification_page import as_json, as_markdown

    if out is None:
        sys.stdout.write(as_markdown(found))
        return
    try:
        write_atomically(out, (as_json(found) if out.suffix == ".json" else as_markdown(found)).encode())
    except OSError as error:
        raise RequestError(f"--out {out} cannot be written: {error.strerror}; name another file") from error
    words = "passed" if found.passed else "failed"
    print(f"verification {words}: {out}")


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path else None
