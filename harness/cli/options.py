"""Options that several commands share: each name has one meaning and one help line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.request.request import options as request_options
from harness.request.request import words


def request_option(field: str) -> Any:
    """Return the option of a field of harness.request.request.Request."""
    return typer.Option(request_options()[field].flag, help=request_options()[field].help)


class Keep(StrEnum):
    """Which trained models stay in the cache after a run."""

    none = "none"
    best = "best"
    all = "all"


Option = typer.Option


def folder(path: str) -> Path:
    """Return a folder that an option names; an empty value, as of a variable that is not set, is rejected."""
    if not path:
        raise typer.BadParameter("the path is empty.")
    return Path(path)


def existing_folder(path: str) -> Path:
    """Return a folder that an option names and that must exist."""
    if not folder(path).is_dir():
        raise typer.BadParameter(f"{path} is not a folder.")
    return Path(path)


def listed(text: str) -> str:
    """Return a comma-separated option; one without a value, as of a variable that is not set, is rejected."""
    if not words(text):
        raise typer.BadParameter("the list is empty; leave the option out, or name something.")
    return text


def list_option(help_: str, *names: str) -> Any:
    """Return an option of comma-separated values; None where it is not given."""
    return Option(*names, parser=listed, metavar="<str>", help=help_)


CacheDir = Annotated[
    Path | None,
    Option(
        parser=folder, metavar="PATH", help="Cache of stages and data; default: $HARNESS_CACHE or ~/.cache/harness."
    ),
]
DataDir = Annotated[
    Path | None,
    Option("--data-dir", parser=existing_folder, metavar="<path>", help=request_options()["data_dir"].help),
]
MethodsPath = Annotated[Path | None, request_option("methods_path")]
Langs = Annotated[str | None, list_option(request_options()["languages"].help, "--langs")]
Jobs = Annotated[int | None, Option(min=1, help="Most cells to run in parallel; one per core by default.")]
EncodeDevices = Annotated[
    str | None,
    list_option("GPUs of this machine that encode a corpus together, such as cuda:0,cuda:1.", "--encode-devices"),
]

# Of a folder that was made elsewhere: where on this machine is what its request names.
SuiteHere = Annotated[str | None, Option("--suite", help="Where the suite's manifest is on this machine.")]
BaseModelHere = Annotated[str | None, Option("--base-model", help="Where the base model is on this machine.")]
DataDirHere = Annotated[
    Path | None,
    Option("--data-dir", parser=existing_folder, metavar="<path>", help="Where the data files are on this machine."),
]
MethodsPathHere = Annotated[
    Path | None,
    Option("--methods-path", parser=existing_folder, metavar="<path>", help="Where the plugins are on this machine."),
]
TrainFileHere = Annotated[str | None, Option("--train-file", help="Where the training rows are on this machine.")]
NegativeQueriesHere = Annotated[
    str | None, Option("--negative-queries", help="Source of negative queries on this machine.")
]
AugmentHere = Annotated[str | None, Option("--augment", help="Writer of additional queries on this machine.")]
WritePromptHere = Annotated[Path | None, Option("--write-prompt", help="Where the prompt is on this machine.")]
