"""The command line. Heavy libraries are imported inside the commands that need them (trap T16)."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.check.command import check
from harness.compare.command import compare
from harness.errors import HarnessError, RequestError
from harness.export.command import export
from harness.listing import list_
from harness.rescore.command import rescore
from harness.verify.command import verify

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


class ExecutorName(StrEnum):
    """Who runs the cells."""

    local = "local"
    ray = "ray"


class Device(StrEnum):
    """Where a cell computes."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _seeds(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise RequestError(f"--seeds {text}: seeds are integers from 0 on, parted by commas, such as 0,1,2") from None


@app.command()
def run(
    methods: Annotated[
        str, typer.Option(help="Entries, parted by commas; 'all', 'all@published', NAME@published.")
    ] = "all",
    langs: Annotated[str, typer.Option(help="Languages, parted by commas; all of the suite by default.")] = "",
    suite: Annotated[str, typer.Option(help="Name of a suite, or the path of a manifest (.toml).")] = "mini",
    seeds: Annotated[str, typer.Option(help="Root seeds, parted by commas.")] = "0,1,2",
    out: Annotated[Path | None, typer.Option(help="Output folder; runs/SUITE by default.")] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Folder, or HUB_ID[@REVISION], in place of the suite's.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Where to compute.")] = Device.auto,
    executor: Annotated[
        ExecutorName, typer.Option(help="Worker processes here, or a Ray cluster.")
    ] = ExecutorName.local,
    jobs: Annotated[int | None, typer.Option(min=1, help="Cells side by side; one a core by default.")] = None,
    max_train: Annotated[int | None, typer.Option(help="At most so many training queries a language.")] = None,
    train_file: Annotated[
        str | None, typer.Option(help="Training rows {query, pos, neg, neg_q}: PATH, or ko=PATH,hi=PATH.")
    ] = None,
    negative_queries: Annotated[
        str | None, typer.Option(help="Who gives CLPL its queries: data, file:PATH, endpoint:MODEL, model:ID@REVISION.")
    ] = None,
    augment: Annotated[
        str | None, typer.Option(help="Who writes further training queries: file:…, endpoint:… or model:… as above.")
    ] = None,
    write_prompt: Annotated[Path | None, typer.Option(help="Prompt for these, with {passage}, {language}.")] = None,
    measures: Annotated[str, typer.Option(help="Measures in place of the suite's, such as nDCG@10,R@100.")] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME.FIELD=VALUE, such as clpl.penalty_weight=0.5; several values are a sweep."),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder that is looked in first for the suite's files.")] = None,
    methods_path: Annotated[Path | None, typer.Option(help="Folder with plugins of your own.")] = None,
    cache_dir: Annotated[Path | None, typer.Option(help="Stage outputs; $HARNESS_CACHE or ~/.cache/harness.")] = None,
    unverified_data: Annotated[
        bool, typer.Option("--unverified-data", help="Take data that differ from the manifest's; the record says so.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run, and stop.")] = False,
) -> None:
    """Train and score methods, then write the leaderboard. The same command again resumes."""
    from harness import runtime
    from harness.cell import Place
    from harness.plan import Request
    from harness.run import default_jobs, survey
    from harness.store import default_root

    if data_dir is not None and not data_dir.is_dir():
        raise RequestError(f"--data-dir {data_dir} is not a folder")
    place = Place(
        cache=(cache_dir or default_root()).absolute(),
        data_dir=data_dir.absolute() if data_dir else None,
        methods_path=methods_path.absolute() if methods_path else None,
        device=runtime.device_of(device.value),
    )
    request = Request(
        suite=suite,
        methods=_words(methods),
        languages=_words(langs),
        seeds=_seeds(seeds),
        out=out or Path("runs") / Path(suite).stem,
        place=place,
        base_model=base_model,
        max_train=max_train,
        measures=_words(measures),
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


def _carry_out(request: Any, work: Any, executor: str, jobs: int) -> None:
    from rich.console import Console

    from harness.executors.local import LocalExecutor
    from harness.progress import Display
    from harness.run import execute

    runner: Any = LocalExecutor(jobs)
    if executor == "ray":
        from harness.executors.ray import RayExecutor

        runner = RayExecutor(jobs)
    outcomes = execute(request, work, runner, Display(Console(stderr=True)))
    _show(request.out)
    if any(outcome.reason for outcome in outcomes):
        raise typer.Exit(1)


def _say_plan(work: Any, jobs: int, place: Any) -> None:
    from harness.forecast import requests
    from harness.run import estimate, trained_already
    from harness.store import Store

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


def _show(folder: Path, baseline: str = "base") -> None:
    from rich.console import Console

    from harness.collate import collate
    from harness.report import terminal_table, write_reports

    board = collate(folder, baseline)
    page = write_reports(folder, board)
    console = Console()
    console.print(terminal_table(board))
    console.print(f"leaderboard: {page}", highlight=False, soft_wrap=True)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    baseline: Annotated[str, typer.Option(help="Entry that the others are compared with.")] = "base",
) -> None:
    """Write the leaderboard of a folder again: HTML, CSV and Markdown."""
    _show(folder, baseline)


app.command()(check)
app.command()(compare)
app.command()(export)
app.command("list")(list_)
app.command()(rescore)
app.command()(verify)


@data_app.command("fetch")
def data_fetch(
    suite: Annotated[str, typer.Argument(help="Name of a suite.")],
    langs: Annotated[str, typer.Option(help="Languages, parted by commas; all by default.")] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Folder that is looked in first.")] = None,
    cache_dir: Annotated[Path | None, typer.Option(help="Where files go; $HARNESS_CACHE or ~/.cache/harness.")] = None,
) -> None:
    """Download what is missing, data and published encoders, verifying every file while it streams."""
    from harness import mteb_data
    from harness.data import files, models
    from harness.store import default_root
    from harness.suite import load

    loaded = load(suite)
    files.fetch(
        loaded, _words(langs) or list(loaded.languages), data_dir=data_dir, cache_dir=cache_dir or default_root()
    )
    mteb_data.fetch_tasks(loaded, _words(langs) or list(loaded.languages))
    models.fetch(loaded)
    data_status(suite, langs, data_dir, cache_dir)


@data_app.command("status")
def data_status(
    suite: Annotated[str, typer.Argument(help="Name of a suite.")],
    langs: Annotated[str, typer.Option(help="Languages, parted by commas; all by default.")] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Folder that is looked in first.")] = None,
    cache_dir: Annotated[Path | None, typer.Option(help="Where files are; $HARNESS_CACHE or ~/.cache/harness.")] = None,
) -> None:
    """Say for every file whether it is present, missing or damaged."""
    from harness import mteb_data
    from harness.data import files, models
    from harness.store import default_root
    from harness.suite import load

    loaded = load(suite)
    rows = files.status(
        loaded, _words(langs) or list(loaded.languages), data_dir=data_dir, cache_dir=cache_dir or default_root()
    )
    rows += mteb_data.tasks_status(loaded, _words(langs) or list(loaded.languages))
    for row in (*rows, *models.states(loaded)):
        print(row)


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
