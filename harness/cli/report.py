"""The `report` command, and what `run` shows at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.output import console, say
from harness.errors import NothingMeasured, RequestError
from harness.machine.garbage import no_collection
from harness.report import report_formats
from harness.request.request import words

if TYPE_CHECKING:
    from rich.table import Table

    from harness.evidence.leaderboard import Leaderboard
    from harness.evidence.texts import Texts
    from harness.machine.clean_console import CleanConsole
    from harness.results.folder import ResultFolder

FindTexts = Callable[["ResultFolder"], "Texts"]


def report(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run; with --index, a folder of several.")],
    baseline: Annotated[str, typer.Option(help="Entry to compare the others with.")] = "base",
    format_: Annotated[
        str | None,
        options.list_option("Comma-separated formats: html, md, tex, csv, json; all by default.", "--format"),
    ] = None,
    index: Annotated[bool, typer.Option("--index", help="Write index.html over the folders below.")] = False,
    texts: Annotated[
        bool | None,
        typer.Option("--texts/--no-texts", help="Show queries and passages; by default where present."),
    ] = None,
    data_dir: options.DataDir = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Write the leaderboard of a folder as HTML, Markdown, LaTeX, CSV and JSON; or an index of several."""
    from harness.results.run_file import check_run_file

    if index:
        _check_of_index(
            {"--format": format_, "--texts or --no-texts": texts, "--data-dir": data_dir, "--cache-dir": cache_dir}
        )
        _index(folder, baseline)
    else:
        check_run_file(folder)
        find = _texts(cache_dir, data_dir, large=texts is True)
        forms = report_formats.parse_formats(list(words(format_ or "")))
        show(folder, baseline, forms, find, show_texts=texts is not False)


def _check_of_index(others: Mapping[str, object]) -> None:
    """Raise RequestError for an option that an index does not read."""
    for option, value in others.items():
        if value is not None:
            raise RequestError(f"--index writes one page from the folders' own files; remove {option}")


def _texts(cache_dir: Path | None, data_dir: Path | None, *, large: bool) -> FindTexts:
    from harness.evidence.texts import texts_of
    from harness.machine.store import default_root

    if data_dir is not None and not data_dir.is_dir():
        raise RequestError(f"--data-dir {data_dir} is not a folder")
    return partial(texts_of, cache=cache_dir or default_root(), data_dir=data_dir, large=large)


@no_collection()  # a report keeps almost every object that it creates
def show(
    folder: Path,
    baseline: str = "base",
    forms: Sequence[report_formats.Format] = tuple(report_formats.Format),
    find: FindTexts | None = None,
    *,
    show_texts: bool = True,
) -> Leaderboard:
    """Write the leaderboard of a folder, print its table and return it, or print why every cell failed.

    `find` finds texts for pages; without `show_texts` they show only what is computed from these.
    """
    from harness.evidence.leaderboard import collate
    from harness.report import failures
    from harness.report.report_files import write_reports
    from harness.report.terminal import terminal_table
    from harness.results.record import read_all

    terminal = console()
    try:
        board = collate(folder, baseline)
    except NothingMeasured:
        for line in failures.lines(folder, read_all(folder)):
            terminal.print_line(line)
        raise
    texts = find(board.results) if find and report_formats.Format.html in forms else None
    write_reports(folder, board, formats=forms, texts=texts, show_texts=show_texts)
    _print(terminal, terminal_table(board), folder / report_formats.file_name(forms[0]))
    return board


def show_current(folder: Path, find: FindTexts) -> None:
    """Print the table of a folder; the leaderboard is written first unless it would be the one that is there."""
    from harness.report.current_report import current_table
    from harness.results.folder import read_result_folder

    table = current_table(folder, lambda: find(read_result_folder(folder)))
    if table is None:
        show(folder, find=find)
    else:
        _print(console(), table, folder / report_formats.file_name(report_formats.Format.html))


def _print(terminal: CleanConsole, table: Table, file: Path) -> None:
    terminal.print(table)
    say(f"leaderboard: {file}")


def _index(folder: Path, baseline: str) -> None:
    from harness.report.overview import index

    written = index.write(folder, baseline)
    say(f"index: {folder / index.NAME}")
    for entry in written.unread:
        say(f"not read: {entry.name}: {entry.reason}")
    if written.unread:
        raise typer.Exit(1)
