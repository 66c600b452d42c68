"""The `merge` command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.output import say, warn
from harness.errors import quantity


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of one request.")],
    out: Annotated[Path, typer.Option(help="New or empty folder.")],
) -> None:
    """Join folders of one request made on different machines: entries, languages, seeds and base models."""
    from harness.cli.report import show
    from harness.execution.merging import merge as joined

    merged = joined(folders, out)
    for folder, count in merged.counts.items():
        warn(f"{folder}: {quantity(count, 'record')}")
    board = show(out)
    if missing := board.results.absent:
        command = shlex.join(["harness", "run", "--out", str(out)])
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        say(f"without a record in the joined request: {missing[0]}{more}; run what is left: {command}")
