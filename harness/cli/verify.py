"""The `verify` command."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.errors import RequestError
from harness.request.request import DeviceName
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from harness.evidence.verification.rebuild import Rebuilt
    from harness.evidence.verification.rerun import RerunOptions, Verified
    from harness.report.summaries.verification_page import Verification
    from harness.request.cell import Cell


def verify(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    cells: Annotated[str, typer.Option(help="Comma-separated ENTRY/LANGUAGE/SEED; all by default.")] = "",
    hashes_only: Annotated[bool, typer.Option("--hashes-only", help="Check the files; rerun no cell.")] = False,
    device: Annotated[DeviceName | None, typer.Option(help="Device to compute on; that of the run by default.")] = None,
    jobs: options.Jobs = None,
    margin: Annotated[float, typer.Option(help="Tolerated difference of a measure's mean, in its units.")] = MARGIN,
    encode_batch_size: Annotated[int | None, typer.Option(min=1, help="In place of the suite's.")] = None,
    suite: options.SuiteHere = None,
    base_model: options.BaseModelHere = None,
    data_dir: options.DataDirHere = None,
    methods_path: options.MethodsPathHere = None,
    cache_dir: options.CacheDir = None,
    out: Annotated[Path | None, typer.Option(help="File for the report, .md or .json; printed by default.")] = None,
) -> None:
    """Find changed files in a folder, then rerun its cells and grade how well they are reproduced."""
    from harness.evidence.verification.intact_files import check_files
    from harness.evidence.verification.rebuild import Elsewhere, rebuild, select_cells
    from harness.evidence.verification.rerun import RerunOptions
    from harness.execution.runner import default_jobs
    from harness.machine.device import resolve_device
    from harness.machine.store import default_root
    from harness.report.summaries.verification_page import Verification

    _check_out(folder, out)
    if not 0 < margin < 1:
        raise RequestError(f"--margin {margin:g}: expected a difference of a measure between 0 and 1, such as 0.01")
    checked = check_files(folder)
    result = Verification(folder, checked.files, checked.differences, unpublished=checked.unpublished)
    if not hashes_only and not checked.differences:
        used = DeviceName(resolve_device(device)) if device else None
        elsewhere = Elsewhere(suite, base_model, data_dir=data_dir, methods_path=methods_path, device=used)
        rebuilt = rebuild(folder, cache_dir or default_root(), elsewhere)
        resolve_device(rebuilt.plan.place.device)  # raises where this machine has no such device
        rerun_options = RerunOptions(jobs or default_jobs(rebuilt.plan.place.device), margin, encode_batch_size)
        names = [name.strip() for name in re.split(r",(?![^\[]*\])", cells) if name.strip()]
        selected, skipped = select_cells(folder, rebuilt.plan, names)
        changed = {"encode_batch_size": str(encode_batch_size)} if encode_batch_size is not None else {}
        result = replace(
            result,
            cells=_rerun(folder, rebuilt, selected, rerun_options),
            skipped=skipped,
            margin=margin,
            changed_settings=changed,
        )
    _write(result, out)
    if not result.passed:
        raise typer.Exit(1)


def _rerun(folder: Path, rebuilt: Rebuilt, cells: Sequence[Cell], rerun_options: RerunOptions) -> list[Verified]:
    from rich.console import Console

    from harness.evidence.verification.rerun import verify_cells
    from harness.execution.progress import Display

    return list(verify_cells(folder, rebuilt, cells, rerun_options, Display(Console(stderr=True))))


def _check_out(folder: Path, out: Path | None) -> None:
    if not folder.is_dir():
        raise RequestError(f"{folder} is not a folder; name one that 'harness run --out' wrote")
    if out is None:
        return
    if out.suffix not in (".md", ".json"):
        raise RequestError(f"--out {out}: expected a file that ends in .md or .json")
    if out.resolve().is_relative_to(folder.resolve()):
        raise RequestError(f"--out {out} is inside the folder that is verified; name a file outside of it")


def _write(result: Verification, out: Path | None) -> None:
    from harness.machine.atomic import write_atomically
    from harness.report.summaries.verification_page import as_json, as_markdown

    if out is None:
        sys.stdout.write(as_markdown(result))
        return
    try:
        write_atomically(out, (as_json(result) if out.suffix == ".json" else as_markdown(result)).encode())
    except OSError as error:
        raise RequestError(f"--out {out} cannot be written: {error.strerror}; name another file") from error
    print(f"verification {'passed' if result.passed else 'failed'}: {out}")
