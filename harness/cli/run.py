"""The `run` command."""

from __future__ import annotations

import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import executor_options, options
from harness.cli.output import console, output, say, warn
from harness.cli.report import show_current
from harness.cli.request_options import takes_request
from harness.errors import RequestError, quantity
from harness.machine.duration_text import duration_text
from harness.request.request import DeviceName, Request, words

if TYPE_CHECKING:
    from harness.execution.executor import Executor
    from harness.execution.kept_models import Rule
    from harness.execution.runner import Work

ADDING = "--methods, --langs, --seeds and named base models add to it, for other values name another --out"


@takes_request
def run(
    request: Request,
    given: set[str],
    out: Annotated[Path | None, typer.Option(help="Output folder; runs/SUITE by default.")] = None,
    executor: executor_options.Name = executor_options.ExecutorName.local,
    jobs: executor_options.Jobs = None,
    encode_devices: options.EncodeDevices = None,
    gpus_per_cell: executor_options.GpusPerCell = None,
    cpus_per_cell: executor_options.CpusPerCell = None,
    memory_per_cell: executor_options.MemoryPerCell = None,
    slurm: executor_options.SlurmPairs = None,
    cache_dir: options.CacheDir = None,
    keep_models: Annotated[
        options.Keep | None,
        typer.Option(help="Trained models to keep in the cache; by default all, or none above 10 GiB."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the request and show what would run, then stop.")
    ] = False,
) -> None:
    """Train and score methods, then write the leaderboard. The same command again resumes.

    For a finished folder, entries, languages, seeds or named base models are added to its request.
    """
    from harness.execution import plan
    from harness.execution.cell_resources import CellResources
    from harness.execution.remade import remade
    from harness.execution.runner import survey
    from harness.execution.widening import widened
    from harness.machine.store import default_root

    folder = out or Path("runs") / Path(request.suite).stem
    asked = request
    request = widened(asked, folder, given if out else [field.name for field in fields(request)])
    split = words(encode_devices or "")
    if split:
        _check_alone(executor, jobs)
    resources = CellResources(gpus_per_cell, cpus_per_cell, memory_per_cell)
    device = executor_options.device_of(executor, str(request.device), resources, slurm or [])
    made = plan.make(replace(request, device=DeviceName(device)), cache_dir or default_root(), split)
    work = survey(made, folder)
    _show_kept(folder, asked, request)
    _show_left_out(work)
    _show_additions(work)
    chosen = executor_options.executor_of(executor, 1 if split else jobs, device, resources, slurm or [])
    keep: Rule | None = keep_models.value if keep_models else None
    if dry_run:
        _show_plan(work, chosen, keep)
    else:
        for line in remade(work):
            warn(line)
        _carry_out(work, chosen, keep)


def _show_kept(folder: Path, asked: Request, request: Request) -> None:
    """Say which options are those of the folder's request, where the command line leaves them out or asks for less."""
    from harness.execution.widening import kept
    from harness.results.run_file import RUN_FILE

    if options := kept(asked, request):
        warn(f"as in {folder / RUN_FILE}: {', '.join(options)}; {ADDING}")


def _show_left_out(work: Work) -> None:
    """Say which entries of `all` the suite has no data for."""
    reasons = work.plan.left_out
    for reason in dict.fromkeys(reasons.values()):
        names = ", ".join(name for name, why in reasons.items() if why == reason)
        warn(f"left out of 'all', as the suite has {reason}: {names}")


def _show_additions(work: Work) -> None:
    """Say what the request adds to that of the folder, and what runs because of it."""
    from harness.execution.output_folder import added

    if more := added(work.folder, work.plan):
        listed = "; ".join(f"{part} {', '.join(names)}" for part, names in more.items())
        warn(f"{work.folder}: keeps {quantity(len(work.done), 'cell')}, adds {listed}")
        warn(f"its request is now: {work.plan.request.command()}")


def _check_alone(executor: executor_options.ExecutorName, jobs: int | None) -> None:
    """Raise RequestError where a cell that computes on several devices would not have them for itself."""
    if executor is not executor_options.ExecutorName.local:
        raise RequestError(
            f"--encode-devices: a cell has one device with --executor {executor}; use only one of the two"
        )
    if jobs is not None and jobs > 1:
        raise RequestError(f"--encode-devices: one cell at a time uses them; leave --jobs {jobs} out")


def _carry_out(work: Work, executor: Executor, keep: Rule | None) -> None:
    from harness.evidence.texts import texts_of
    from harness.execution.progress import Display
    from harness.execution.runner import execute

    place = work.plan.place
    start = time.monotonic()
    display = Display(console(stderr=True), verbose=output.verbose)
    outcomes = execute(work, executor, display, keep)
    if outcomes:
        display.at("writing the leaderboard")
    show_current(
        work.folder,
        find=lambda results: texts_of(results, place.cache, place.data_dir, manifest=work.plan.request.suite),
    )
    took = f"{quantity(len(outcomes), 'cell')} in {duration_text(time.monotonic() - start)}"
    warn(took if outcomes else f"nothing to run: {quantity(len(work.done), 'cell')} done")
    if any(outcome.reason for outcome in outcomes):
        raise typer.Exit(1)


def _show_plan(work: Work, executor: Executor, keep: Rule | None) -> None:
    from harness.execution.dry_run import lines
    from harness.execution.runner import check_todo

    for line in executor.limits(work.todo):
        say(line)
    for line in lines(work, executor.jobs, keep):
        say(line)
    sys.stdout.flush()
    check_todo(work, executor)
