"""Options that several commands share: each name has one meaning and one help line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.request.request import options


def request_option(field: str) -> Any:
    """Return the option of a field of harness.request.request.Request."""
    return typer.Option(options()[field].flag, help=options()[field].help)


class ExecutorName(StrEnum):
    """Who runs the cells."""

    local = "local"
    ray = "ray"


Option = typer.Option


def folder(path: str) -> Path:
    """Return a folder that an option names; an empty value, as of a variable that is not set, is rejected."""
    if not path:
        raise typer.BadParameter("the path is empty.")
    return Path(path)


CacheDir = Annotated[
    Path | None,
    Option(
        parser=folder, metavar="PATH", help="Cache of stages and data; default: $HARNESS_CACHE or ~/.cache/harness."
    ),
]
DataDir = Annotated[Path | None, request_option("data_dir")]
MethodsPath = Annotated[Path | None, request_option("methods_path")]
Langs = Annotated[str, request_option("languages")]
Jobs = Annotated[int | None, Option(min=1, help="Cells to run in parallel; one per core by default.")]

# Of a folder that was made elsewhere: where on this machine is what its request names.
SuiteHere = Annotated[str | None, Option("--suite", help="Where the suite's manifest is on this machine.")]
BaseModelHere = Annotated[str | None, Option("--base-model", help="Where the base model is on this machine.")]
DataDirHere = Annotated[Path | None, Option("--data-dir", help="Where the data files are on this machine.")]
MethodsPathHere = Annotated[Path | None, Option("--methods-path", help="Where the plugins are on this machine.")]
