"""The `check` command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import options
from harness.errors import HarnessError, RequestError
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from harness.evidence.gate.decision import Checked, Wanted


def check(
    folder: Annotated[Path, typer.Argument(help="Output folder of the run that is checked.")],
    baseline: Annotated[Path, typer.Option(help="Output folder that it is held against.")],
    margin: Annotated[float, typer.Option(help="Loss that is put up with, in units of the measure.")] = MARGIN,
    measure: Annotated[str, typer.Option(help="Measures that decide, parted by commas; the primary one.")] = "",
    methods: Annotated[str, typer.Option(help="Check these entries of the baseline alone.")] = "",
    langs: Annotated[str, typer.Option(help="Check these languages of the baseline alone.")] = "",
    allow: Annotated[str, typer.Option(help="Parts of the suite that may differ: base_model, training, …")] = "",
    markdown: Annotated[Path | None, typer.Option(help="Write a summary here.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit's XML here.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Make FOLDER, once verified, the baseline.")] = False,
) -> None:
    """Fail where quality fell against a baseline. A loss has to be shown, not only seen."""
    from harness.evidence.gate.decision import Wanted

    parts = [options.words(text) for text in (measure, methods, langs, allow)]
    wanted = Wanted(margin, *parts)
    try:
        if update:
            _update(folder, baseline, wanted)
            return
        checked = _checked(folder, baseline, wanted)
    except HarnessError as error:
        _annotate_error(error)
        raise
    _write(checked, markdown, junit)
    _show(checked)
    if checked.red:
        raise typer.Exit(1)


def _checked(folder: Path, baseline: Path, wanted: Wanted) -> Checked:
    from harness.evidence.gate.decision import check as decided
    from harness.results import folder as pairs

    if not baseline.is_dir():
        raise RequestError(f"the baseline {baseline} is not a folder; make one with `harness check {folder} --update`")
    return decided(pairs.read(folder), pairs.read(baseline), wanted)


def _update(folder: Path, baseline: Path, wanted: Wanted) -> None:
    """Replace the baseline; what changes is said where the old one can be compared, and does not stop it."""
    from harness.evidence.gate import baseline as baselines

    baselines.whole(folder)
    if baseline.is_dir():
        try:
            _show(_checked(folder, baseline, wanted))
        except HarnessError as error:
            print(f"not compared: {error}")
    baselines.update(folder, baseline)
    print(f"baseline: {baseline} is now a copy of {folder}")


def _write(checked: Checked, markdown: Path | None, junit: Path | None) -> None:
    """Write the files that were asked for, and the summary of GitHub's step where it wants one."""
    from harness.report.summaries import check_files

    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    try:
        if markdown:
            _put(markdown, check_files.markdown(checked).encode())
        if junit:
            _put(junit, check_files.junit(checked))
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
    from rich.console import Console

    from harness.report.summaries import check_files, check_terminal

    console = Console()
    console.print(check_terminal.comparison_table(checked))
    for line in check_terminal.summary_lines(checked):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in check_files.commands(checked):
            print(line)


def _annotate_error(error: HarnessError) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from harness.report.summaries import check_files

        print(check_files.annotation("error", "harness check", str(error)))
