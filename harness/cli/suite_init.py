"""The `suite init` command."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.options import Option
from harness.cli.output import say


def init(
    folder: Annotated[
        Path, typer.Argument(help="Folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/*.tsv; also .gz.")
    ],
    out: Annotated[Path | None, Option(help="Manifest to write; FOLDER/NAME.toml by default.")] = None,
    language: Annotated[
        str | None, Option(help="Code of ISO 639, such as en or pt-BR; guessed from the script by default.")
    ] = None,
    split: Annotated[str | None, Option(help="Judgments to evaluate on, dev or test; test by default.")] = None,
    base_model: Annotated[
        str | None, Option(help="Folder, or HUB_ID[@REVISION]; by default a small encoder built from the passages.")
    ] = None,
    beir: Annotated[str | None, Option(help="Data set of BEIR to download into FOLDER first, such as scifact.")] = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Write a manifest for a folder of data, with counts, and show what was guessed."""
    from harness.data.suite_draft import Wanted, is_below, write
    from harness.machine.store import default_root
    from harness.stages.base_override import with_base_model

    if beir is not None:
        from harness.data.beir_download import download

        download(beir, folder)
    choose = None if base_model is None else lambda suite: with_base_model(suite, base_model).base_model
    path, notes = write(folder, Wanted(out, None, language, split, choose), cache_dir or default_root())
    say(f"wrote {path}")
    for note in notes:
        say(note)
    elsewhere = () if is_below(folder, path) else ("--data-dir", str(folder))
    say(f"next: {shlex.join(['harness', 'run', '--suite', str(path), *elsewhere])}")
