"""The `export` command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.output import say, warn


class To(StrEnum):
    """The format of an export."""

    mteb = "mteb"
    trec = "trec"
    card = "card"


def export(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    to: Annotated[To, typer.Option(help="mteb's results folder; TREC runs and judgments; models with cards.")],
    out: Annotated[Path | None, typer.Option(help="New or empty folder; FOLDER/export/TO by default.")] = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Write the records of a run in the format of another tool."""
    from harness.export import exporting
    from harness.machine.store import default_root

    place, notes = exporting.export(folder, to.value, out, (cache_dir or default_root()).absolute())
    for note in notes:
        warn(f"harness: {note}")
    say(place)
