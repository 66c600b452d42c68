"""The `compare` command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import console, say_all
from harness.stats.rules import MARGIN


class Format(StrEnum):
    """How a comparison is printed."""

    text = "text"
    md = "md"
    csv = "csv"
    json = "json"
    html = "html"
    tex = "tex"


def compare(
    a: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    b: Annotated[Path, typer.Argument(help="Output folder of another run.")],
    format_: Annotated[Format, typer.Option("--format", help="Output format.")] = Format.text,
    measure: Annotated[str | None, typer.Option(help="Measure; the primary measure of A by default.")] = None,
    margin: Annotated[float, typer.Option(help="Margin of equivalence, in units of the measure.")] = MARGIN,
) -> None:
    """Compare two result folders: how they were made, and how B's scores differ from A's."""

    from harness.evidence.comparison import compare as compared
    from harness.report.summaries import comparison_formats, comparison_terminal
    from harness.results.folder import read_result_folder

    formats = {
        Format.md: comparison_formats.markdown,
        Format.csv: comparison_formats.csv,
        Format.json: comparison_formats.as_json,
        Format.html: comparison_formats.html,
        Format.tex: comparison_formats.tex,
    }
    first, second = read_result_folder(a), read_result_folder(b)
    first.check_unchanged()
    second.check_unchanged()
    comparison = compared(first, second, measure, margin)
    if format_ is Format.text:
        comparison_terminal.show(console(), comparison)
    else:
        say_all(formats[format_](comparison))
