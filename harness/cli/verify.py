"""The `verify` command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.output import console, say, say_all
from harness.errors import DataError, NothingMeasured, RequestError
from harness.request.request import DeviceName
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from harness.evidence.verification.rebuild import Rebuilt
    from harness.evidence.verification.rerun import RerunOptions
    from harness.report.summaries.verification_page import Verification


def verify(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    cells: Annotated[str | None, options.list_option("Comma-separated ENTRY/LANGUAGE/SEED; all by default.")] = None,
    hashes_only: Annotated[bool, typer.Option("--hashes-only", help="Compare files with SHA256SUMS alone.")] = False,
    tables_only: Annotated[bool, typer.Option("--tables-only", help="Rerun no cell.")] = False,
    device: Annotated[DeviceName | None, typer.Option(help="Device to compute on; that of the run by default.")] = None,
    jobs: options.Jobs = None,
    margin: Annotated[float, typer.Option(help="Tolerated difference of a measure's mean, in its units.")] = MARGIN,
    encode_batch_size: Annotated[int | None, typer.Option(min=1, help="In place of the suite's.")] = None,
    suite: options.SuiteHere = None,
    base_model: options.BaseModelHere = None,
    data_dir: options.DataDirHere = None,
    methods_path: options.MethodsPathHere = None,
    train_file: options.TrainFileHere = None,
    negative_queries: options.NegativeQueriesHere = None,
    augment: options.AugmentHere = None,
    write_prompt: options.WritePromptHere = None,
    cache_dir: options.CacheDir = None,
    out: Annotated[Path | None, typer.Option(help="File for the report, .md or .json; printed by default.")] = None,
) -> None:
    """Find changed files, rebuild tables and pages from the records, then rerun cells and grade them."""
    from harness.evidence.verification.intact_files import check_files
    from harness.evidence.verification.rebuild import Elsewhere, rebuild
    from harness.evidence.verification.rerun import RerunOptions
    from harness.execution.runner import default_jobs
    from harness.machine.device import resolve_device
    from harness.machine.store import default_root
    from harness.report.summaries.verification_page import Verification

    _check_out(folder, out)
    if not 0 < margin < 1:
        raise RequestError(f"--margin {margin:g}: expected a difference of a measure between 0 and 1, such as 0.01")
    of_reruns = {
        **{"cells": cells, "device": device, "jobs": jobs, "encode_batch_size": encode_batch_size},
        **{"base_model": base_model, "methods_path": methods_path, "train_file": train_file},
        **{"negative_queries": negative_queries, "augment": augment, "write_prompt": write_prompt},
    }
    _check_mode(hashes_only, tables_only, of_reruns, {"suite": suite, "data_dir": data_dir})
    checked = check_files(folder)
    result = Verification(folder, checked.files, checked.differences, unpublished=checked.unpublished, margin=margin)
    cache = cache_dir or default_root()
    if not hashes_only:
        result = _prove(result, cache, data_dir, suite)
    if result.results is not None and not tables_only and not result.differences:
        used = DeviceName(resolve_device(device)) if device else None
        elsewhere = Elsewhere(
            *(suite, base_model, data_dir, methods_path, train_file, negative_queries, augment, write_prompt, used)
        )
        rebuilt = rebuild(folder, cache, elsewhere)
        resolve_device(rebuilt.plan.place.device)  # raises where this machine has no such device
        rerun_options = RerunOptions(jobs or default_jobs(rebuilt.plan.place.device), margin, encode_batch_size)
        result = _rerun(result, rebuilt, cells or "", rerun_options)
    _write(result, out)
    if not result.passed:
        raise typer.Exit(1)


def _check_mode(
    hashes_only: bool, tables_only: bool, of_reruns: Mapping[str, object], of_tables: Mapping[str, object]
) -> None:
    """Raise RequestError for options that `--hashes-only` or `--tables-only` would leave without effect."""
    if hashes_only and tables_only:
        raise RequestError("--hashes-only and --tables-only exclude each other; give one")
    if not (hashes_only or tables_only):
        return
    mode, unread = ("hashes", {**of_reruns, **of_tables}) if hashes_only else ("tables", of_reruns)
    for name, value in unread.items():
        if value is not None:
            what = "no cell is rerun" if name in of_reruns else "nothing is rebuilt"
            raise RequestError(f"--{name.replace('_', '-')} {value}: {what} with --{mode}-only")


def _prove(result: Verification, cache: Path, data_dir: Path | None, suite: str | None) -> Verification:
    """Compare records with each other and with their rankings, and all other files with what the records give."""
    from harness.evidence.texts import texts_of
    from harness.evidence.verification.finding import Finding, Proof
    from harness.evidence.verification.stored_rankings import prove_rankings
    from harness.evidence.verification.stored_records import prove_records
    from harness.report.rebuilt_files import prove_files
    from harness.results.folder import read_result_folder
    from harness.results.run_file import read_run_file

    read_run_file(result.folder)  # raises where it is damaged
    try:
        results = read_result_folder(result.folder)
        texts = texts_of(results, cache, data_dir, manifest=suite)
        proofs = [prove_records(results), prove_rankings(results, texts), prove_files(results, texts)]
    except (DataError, NothingMeasured) as error:
        if isinstance(error, NothingMeasured) and not result.differences:
            raise
        return replace(result, proof=Proof(mismatches=(Finding("records", str(error)),)))
    return replace(result, results=results, proof=Proof.joined(proofs))


def _rerun(result: Verification, rebuilt: Rebuilt, cells: str, rerun_options: RerunOptions) -> Verification:
    """Rerun the named cells, all if none is named."""
    from harness.evidence.verification.rebuild import select_cells
    from harness.evidence.verification.rerun import verify_cells
    from harness.execution.progress import Display

    names = [name.strip() for name in re.split(r",(?![^\[]*\])", cells) if name.strip()]
    selected, skipped = select_cells(result.folder, rebuilt.plan, names)
    display = Display(console(stderr=True))
    size = rerun_options.encode_batch_size
    return replace(
        result,
        cells=list(verify_cells(result.folder, rebuilt, selected, rerun_options, display)),
        skipped=skipped,
        changed_settings={} if size is None else {"encode_batch_size": str(size)},
    )


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
        say_all(as_markdown(result))
        return
    try:
        write_atomically(out, (as_json(result) if out.suffix == ".json" else as_markdown(result)).encode())
    except OSError as error:
        raise RequestError(f"--out {out} cannot be written: {error.strerror}; name another file") from error
    say(f"verification {'passed' if result.passed else 'failed'}: {out}")
