"""The `check` command."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.cli.output import annotate, console, say
from harness.errors import HarnessError, RequestError
from harness.request.request import words
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from harness.evidence.gate.decision import Checked, Scope


LOST = 1  # the status of a loss against the baseline, and of nothing else


def check(
    folder: Annotated[Path, typer.Argument(help="Output folder of the run to check.")],
    baseline: Annotated[Path, typer.Option(help="Output folder to compare it with.")],
    margin: Annotated[float, typer.Option(help="Tolerated loss, in units of the measure.")] = MARGIN,
    measure: Annotated[
        str | None, options.list_option("Comma-separated measures that decide; the primary by default.")
    ] = None,
    methods: Annotated[str | None, options.list_option("Comma-separated entries to check; all by default.")] = None,
    langs: Annotated[str | None, options.list_option("Comma-separated languages to check; all by default.")] = None,
    allow: Annotated[
        str | None, options.list_option("Parts of the suite that may differ: base_model, text, training, …")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="File for a summary in Markdown.")] = None,
    html: Annotated[Path | None, typer.Option(help="File for a page in HTML.")] = None,
    junit: Annotated[Path | None, typer.Option(help="File for JUnit XML.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Verify FOLDER and make it the baseline.")] = False,
) -> None:
    """Fail where quality fell against a baseline. A loss counts only where the statistics show it."""
    from harness.evidence.gate.decision import Scope

    chosen = {"measures": measure, "methods": methods, "languages": langs, "allowed": allow}
    scope = Scope(margin, **{name: words(text or "") for name, text in chosen.items()})
    try:
        if update:
            _update(folder, baseline, scope)
            return
        checked = _checked(folder, baseline, scope)
    except HarnessError as error:
        _annotate_error(error)
        if error.exit_status == LOST:
            raise RequestError(str(error)) from error
        raise
    from harness.report.summaries import check_files

    _write(checked, {markdown: check_files.markdown, html: check_files.html, junit: check_files.junit})
    _show(checked)
    if checked.red:
        raise typer.Exit(LOST)


def _checked(folder: Path, baseline: Path, scope: Scope) -> Checked:
    from harness.evidence.gate.decision import check as decided
    from harness.results.folder import read_result_folder

    if not baseline.is_dir():
        raise RequestError(
            f"the baseline {baseline} is not a folder; make one with "
            f"`harness check {folder} --baseline {baseline} --update`"
        )
    new, old = read_result_folder(folder), read_result_folder(baseline)
    new.check_unchanged()
    old.check_unchanged()
    return decided(new, old, scope)


def _update(folder: Path, baseline: Path, scope: Scope) -> None:
    """Replace the baseline; differences from the old one are shown and do not stop it."""
    from harness.evidence.gate import baseline as baselines

    baselines.check_complete(folder)
    if baseline.is_dir():
        try:
            _show(_checked(folder, baseline, scope))
        except HarnessError as error:
            say(f"not compared: {error}")
    baselines.update(folder, baseline)
    say(f"baseline: {baseline} is now a copy of {folder}")


def _write(checked: Checked, forms: Mapping[Path | None, Callable[[Checked], str | bytes]]) -> None:
    """Write the files that were requested, and GitHub's step summary where its variable is set."""
    from harness.report.summaries import check_files

    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        for path, form in forms.items():
            if path is not None:
                content = form(checked)
                _put(path, content if isinstance(content, bytes) else content.encode(errors="backslashreplace"))
        if summary:
            with Path(summary).open("a", encoding="utf-8") as step:
                step.write(check_files.markdown(checked) + "\n")
    except OSError as error:
        raise RequestError(f"{error.filename} cannot be written: {error.strerror}; name another file") from error


def _put(path: Path, content: bytes) -> None:
    from harness.machine.atomic import write_atomically

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)


def _show(checked: Checked) -> None:
    from harness.report.console import print_lines
    from harness.report.summaries import check_files, check_terminal

    terminal = console()
    terminal.print(check_terminal.comparison_table(checked))
    print_lines(terminal, check_terminal.summary_lines(checked))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in check_files.commands(checked):
            annotate(line)


def _annotate_error(error: HarnessError) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from harness.report.summaries import check_files

        annotate(check_files.annotation("error", "harness check", str(error)))
