"""The `run` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.report import show
from harness.cli.request_options import takes_request
from harness.request.request import Request

if TYPE_CHECKING:
    from harness.execution.executor import Executor
    from harness.execution.runner import Work


@takes_request
def run(
    request: Request,
    out: Annotated[Path | None, typer.Option(help="Output folder; runs/SUITE by default.")] = None,
    executor: Annotated[
        options.ExecutorName, typer.Option(help="Worker processes on this machine, or a Ray cluster.")
    ] = options.ExecutorName.local,
    jobs: options.Jobs = None,
    cache_dir: options.CacheDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the request and show what would run, then stop.")
    ] = False,
) -> None:
    """Train and score methods, then write the leaderboard. The same command again resumes."""
    from harness.execution import plan
    from harness.execution.runner import default_jobs, survey
    from harness.machine.store import default_root

    made = plan.make(request, cache_dir or default_root())
    for problem in made.left_out.values():
        print(f"left out of 'all': {problem}", file=sys.stderr)
    work = survey(made, out or Path("runs") / Path(request.suite).stem)
    count = jobs or default_jobs(made.place.device)
    if dry_run:
        _show_plan(work, count)
    else:
        _carry_out(work, _executor(executor, count))


def _executor(name: options.ExecutorName, jobs: int) -> Executor:
    if name is options.ExecutorName.ray:
        from harness.execution.ray_cluster import RayExecutor

        return RayExecutor(jobs)
    from harness.execution.local import LocalExecutor

    return LocalExecutor(jobs)


def _carry_out(work: Work, executor: Executor) -> None:
    from rich.console import Console

    from harness.evidence.texts import texts_of
    from harness.execution.progress import Display
    from harness.execution.runner import execute

    place = work.plan.place
    outcomes = execute(work, executor, Display(Console(stderr=True)))
    show(work.folder, find=lambda results: texts_of(results, place.cache, place.data_dir))
    if any(outcome.reason for outcome in outcomes):
        raise typer.Exit(1)


def _show_plan(work: Work, jobs: int) -> None:
    from harness.execution.dry_run import lines
    from harness.execution.runner import check

    for line in lines(work, jobs):
        print(line)
    sys.stdout.flush()
    check(work)
