"""The command line. Heavy libraries are imported inside the commands that need them (trap T16)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from harness.cli import options
from harness.cli.check import check
from harness.cli.compare import compare
from harness.cli.data import fetch, status
from harness.cli.export import export
from harness.cli.list import list_
from harness.cli.options import words
from harness.cli.report import report, show
from harness.cli.rescore import rescore
from harness.cli.verify import verify
from harness.errors import HarnessError, RequestError

if TYPE_CHECKING:
    from harness.request.cell import Place

app = typer.Typer(
    name="harness",
    help="Train, score and compare fine-tuning methods for text embeddings, reproducibly.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Fetch and check the data of a suite.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(data_app, name="data")


def _seeds(text: str) -> list[int]:
    try:
        return [int(word) for word in words(text)]
    except ValueError:
        raise RequestError(f"--seeds {text}: seeds are integers from 0 on, parted by commas, such as 0,1,2") from None


@app.command()
def run(
    methods: options.Methods = "all",
    langs: options.Langs = "",
    suite: options.Suite = "mini",
    seeds: options.Seeds = "0,1,2",
    out: options.Out = None,
    base_model: options.BaseModel = None,
    device: options.Device = options.DeviceName.auto,
    executor: options.Executor = options.ExecutorName.local,
    jobs: options.Jobs = None,
    max_train: options.MaxTrain = None,
    train_file: options.TrainFile = None,
    negative_queries: options.NegativeQueries = None,
    augment: options.Augment = None,
    write_prompt: options.WritePrompt = None,
    measures: options.Measures = "",
    set_: options.Set = None,
    data_dir: options.DataDir = None,
    methods_path: options.MethodsPath = None,
    cache_dir: options.CacheDir = None,
    unverified_data: options.UnverifiedData = False,
    dry_run: options.DryRun = False,
) -> None:
    """Train and score methods, then write the leaderboard. The same command again resumes."""
    from harness.execution.plan import Request
    from harness.execution.runner import default_jobs, survey

    place = _place(cache_dir, data_dir, methods_path, device.value)
    request = Request(
        suite=suite,
        methods=words(methods),
        languages=words(langs),
        seeds=_seeds(seeds),
        out=out or Path("runs") / Path(suite).stem,
        place=place,
        base_model=base_model,
        max_train=max_train,
        measures=words(measures),
        settings=set_ or [],
        train_file=train_file,
        negative_queries=negative_queries,
        augment=augment,
        write_prompt=write_prompt,
        unverified_data=unverified_data,
    )
    work = survey(request)
    count = jobs or default_jobs(place.device)
    if dry_run:
        _say_plan(work, count, place)
        return
    _carry_out(request, work, executor.value, count)


def _place(cache_dir: Path | None, data_dir: Path | None, methods_path: Path | None, device: str) -> Place:
    """Return where the run keeps things and computes, with whole paths: workers may stand elsewhere."""
    from harness.machine.device import resolve_device
    from harness.machine.store import default_root
    from harness.request.cell import Place

    if data_dir is not None and not data_dir.is_dir():
        raise RequestError(f"--data-dir {data_dir} is not a folder")
    return Place(
        cache=(cache_dir or default_root()).absolute(),
        data_dir=data_dir.absolute() if data_dir else None,
        methods_path=methods_path.absolute() if methods_path else None,
        device=resolve_device(device),
    )


def _carry_out(request: Any, work: Any, executor: str, jobs: int) -> None:
    from rich.console import Console

    from harness.evidence.texts import of_board
    from harness.execution.local import LocalExecutor
    from harness.execution.progress import Display
    from harness.execution.runner import execute

    runner: Any = LocalExecutor(jobs)
    if executor == "ray":
        from harness.execution.ray_cluster import RayExecutor

        runner = RayExecutor(jobs)
    outcomes = execute(request, work, runner, Display(Console(stderr=True)))
    show(request.out, find=lambda board: of_board(board, request.place.cache, request.place.data_dir))
    if any(outcome.reason for outcome in outcomes):
        raise typer.Exit(1)


def _say_plan(work: Any, jobs: int, place: Any) -> None:
    from harness.execution.forecast import requests
    from harness.execution.runner import estimate, trained_already
    from harness.machine.store import Store

    rows: dict[str, list[int]] = {}
    for name, cells in (("done", work.done), ("todo", work.todo)):
        for cell in cells:
            rows.setdefault(cell.entry.name, [0, 0])[name == "todo"] += 1
    for entry, (done, todo) in rows.items():
        print(f"{entry:<28} {todo:>4} to run {done:>4} done")
    seconds = estimate(work.todo, jobs)
    time = "not known yet: nothing of this suite was run on this machine"
    if seconds is not None:
        time = f"about {seconds / 60:.1f} minutes with {jobs} jobs, from what such cells took here"
    for asked in requests(work.todo, Store(place.cache)):
        print(asked)
    trained = trained_already(work.todo, Store(place.cache))
    print(f"{len(work.todo)} of {len(work.plan.cells)} cells to run, {trained} of them trained already")
    print(f"time: {time if work.todo else 'none'}")


app.command()(check)
app.command()(compare)
app.command()(export)
app.command("list")(list_)
app.command()(report)
app.command()(rescore)
app.command()(verify)


data_app.command("fetch")(fetch)
data_app.command("status")(status)


INTERRUPTED = 130
_UsageError: Any = typer.BadParameter.__base__  # click's, or that of the copy of click that newer typers carry


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status; the errors of the harness become one line each."""
    try:
        outcome = app(args=arguments, standalone_mode=False)
        if outcome == INTERRUPTED:  # so some versions of typer; others raise Abort
            raise KeyboardInterrupt
        return outcome if isinstance(outcome, int) else 0
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return error.exit_status
    except typer.Exit as error:
        return error.exit_code
    except _UsageError as error:
        message = error.format_message()
        print(f"harness: {message} See `harness --help`." if "\n" not in message else message, file=sys.stderr)
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("harness: interrupted; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED


def entry_point() -> None:
    """The `harness` command."""
    sys.exit(main())


if __name__ == "__main__":
    entry_point()
