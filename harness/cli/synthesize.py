"""The `synthesize` command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.output import console, say
from harness.errors import RequestError

if TYPE_CHECKING:
    from harness.evidence.synthesis.pooling import ContrastSynthesis


class By(StrEnum):
    """What one study is."""

    language = "language"
    folder = "folder"


FORMATS = (".html", ".md", ".json", ".csv")


def synthesize(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of runs.")],
    measure: Annotated[str | None, typer.Option(help="Measure; the folders' common primary one by default.")] = None,
    contrast: Annotated[
        str | None, typer.Option(metavar="ENTRY/CONTROL", help="One contrast; by default all that are measured.")
    ] = None,
    by: Annotated[By, typer.Option(help="One study per language of a folder, or per folder.")] = By.language,
    out: Annotated[
        Path | None, typer.Option(help="File to write, .html, .md, .json or .csv; printed by default.")
    ] = None,
) -> None:
    """Pool the gain of an entry over its control across folders: does it hold on other data?"""
    from harness.evidence.synthesis import choice
    from harness.report.summaries import synthesis_table

    _check_out(folders, out)
    syntheses = choice.synthesize(choice.read_folders(folders), contrast, measure, by.value)
    if out is None:
        synthesis_table.show(console(), syntheses)
    else:
        _write(syntheses, out)


def _check_out(folders: list[Path], out: Path | None) -> None:
    if out is None:
        return
    if out.suffix not in FORMATS:
        raise RequestError(f"--out {out}: expected a file that ends in .html, .md, .json or .csv")
    for folder in folders:
        if out.resolve().is_relative_to(folder.resolve()):
            raise RequestError(f"--out {out} is inside the result folder {folder}; name a file outside of it")


def _write(syntheses: list[ContrastSynthesis], out: Path) -> None:
    from harness.machine.atomic import write_atomically
    from harness.report.summaries import synthesis_formats

    text = synthesis_formats.FORMATS[out.suffix](syntheses)
    try:
        write_atomically(out, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise RequestError(f"--out {out} cannot be written: {error.strerror}; name another file") from error
    say(f"synthesis: {out}")
