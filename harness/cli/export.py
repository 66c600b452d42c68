"""The `export` command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.output import say, warn
from harness.request.request import seed_numbers, words


class To(StrEnum):
    """The format of an export."""

    mteb = "mteb"
    trec = "trec"
    card = "card"
    tei = "tei"


def export(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    to: Annotated[
        To,
        typer.Option(help="mteb's results folder; TREC runs and judgments; models with cards; models to serve by TEI."),
    ],
    out: Annotated[Path | None, typer.Option(help="New or empty folder; FOLDER/export/TO by default.")] = None,
    methods: Annotated[str | None, options.list_option("Comma-separated entries to export; all by default.")] = None,
    langs: Annotated[str | None, options.list_option("Comma-separated languages to export; all by default.")] = None,
    seeds: Annotated[str | None, options.list_option("Comma-separated seeds to export; all by default.")] = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Write the records of a run in the format of another tool."""
    from harness.export import exporting
    from harness.export.chosen_cells import Cells
    from harness.machine.store import default_root

    cells = Cells(words(methods or ""), words(langs or ""), seed_numbers(seeds) if seeds else ())
    place, notes = exporting.export(folder, to.value, out, (cache_dir or default_root()).absolute(), cells)
    for note in notes:
        warn(f"harness: {note}")
    say(place)
