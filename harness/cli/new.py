"""The `new` commands: a method or a suite to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import options
from harness.cli.options import Option
from harness.cli.output import say


def method(
    name: Annotated[str, typer.Argument(help="Name of the method, its module and its entry, such as my_loss.")],
    out: Annotated[
        Path, Option(parser=options.folder, metavar="<path>", help="Folder of methods; it may hold others.")
    ] = Path("methods"),
) -> None:
    """Write a method that runs as it is, with its entry, comments and a test."""
    from harness.request import new_method

    for path in new_method.write(name, out):
        say(f"wrote {path}")
    say(f"next: {shlex.join(['harness', 'run', '--methods-path', str(out), '--methods', f'base,mnrl,{name}'])}")
    say(f"test: {shlex.join(['python', '-m', 'pytest', str(out / 'tests' / f'test_{name}.py')])}")


def suite(
    name: Annotated[str, typer.Argument(help="Name of the suite, such as my-data.")],
    out: Annotated[
        Path | None, Option(parser=options.folder, metavar="<path>", help="New or empty folder; NAME by default.")
    ] = None,
    cache_dir: options.CacheDir = None,
) -> None:
    """Write a suite that runs as it is: a few texts, their manifest and a test.

    For data that are there already, `harness suite init` writes the manifest.
    """
    from harness.data import new_suite
    from harness.machine.store import default_root

    files, notes = new_suite.write(name, out or Path(name), cache_dir or default_root())
    for path in files:
        say(f"wrote {path}")
    for note in notes:
        say(note)
    say(f"next: {shlex.join(['harness', 'run', '--suite', str(files[0]), '--methods', 'base,bm25,mnrl'])}")
    say(f"test: {shlex.join(['python', '-m', 'pytest', str(files[-1])])}")
