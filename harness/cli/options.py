"""Options that commands share, and those of `harness run`: each name has one meaning and one help line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ExecutorName(StrEnum):
    """Who runs the cells."""

    local = "local"
    ray = "ray"


class DeviceName(StrEnum):
    """Where a cell computes."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


Option = typer.Option
CacheDir = Annotated[Path | None, Option(help="Stage outputs and data; $HARNESS_CACHE or ~/.cache/harness.")]
DataDir = Annotated[Path | None, Option(help="Folder that is looked in first for the suite's files.")]
MethodsPath = Annotated[Path | None, Option(help="Folder with plugins of your own.")]
Jobs = Annotated[int | None, Option(min=1, help="Cells side by side; one a core by default.")]
Langs = Annotated[str, Option(help="Languages, parted by commas; all of the suite by default.")]

# Of a folder that was made elsewhere: where on this machine is what its request names.
SuiteNow = Annotated[str | None, Option(help="Where the suite's manifest is now.")]
BaseModelNow = Annotated[str | None, Option(help="Where the base model is now.")]
DataDirNow = Annotated[Path | None, Option(help="Where the data files are now.")]
MethodsPathNow = Annotated[Path | None, Option(help="Where the outside plugins are now.")]

Methods = Annotated[str, Option(help="Entries, parted by commas; 'all', 'all@published', NAME@published.")]
Suite = Annotated[str, Option(help="Name of a suite, NAME@VARIANT, or the path of a manifest (.toml).")]
Seeds = Annotated[str, Option(help="Root seeds, parted by commas.")]
Out = Annotated[Path | None, Option(help="Output folder; runs/SUITE by default.")]
BaseModel = Annotated[str | None, Option(help="Folder, or HUB_ID[@REVISION], in place of the suite's.")]
Device = Annotated[DeviceName, Option(help="Where to compute.")]
Executor = Annotated[ExecutorName, Option(help="Worker processes here, or a Ray cluster.")]
MaxTrain = Annotated[int | None, Option(help="At most so many training queries a language.")]
TrainFile = Annotated[str | None, Option(help="Training rows {query, pos, neg, neg_q}: PATH, or ko=PATH,hi=PATH.")]
NegativeQueries = Annotated[
    str | None, Option(help="Who gives CLPL its queries: data, file:PATH, endpoint:MODEL, model:ID@REVISION.")
]
Augment = Annotated[
    str | None, Option(help="Who writes further training queries: file:…, endpoint:… or model:… as above.")
]
WritePrompt = Annotated[Path | None, Option(help="Prompt for these, with {passage}, {language}.")]
Measures = Annotated[str, Option(help="Measures in place of the suite's, such as nDCG@10,R@100.")]
Set = Annotated[
    list[str] | None,
    Option("--set", help="NAME.FIELD=VALUE, such as clpl.penalty_weight=0.5; several values are a sweep."),
]
UnverifiedData = Annotated[
    bool, Option("--unverified-data", help="Take data that differ from the manifest's; the record says so.")
]
DryRun = Annotated[bool, Option("--dry-run", help="Say what would run, and stop.")]


def words(text: str) -> list[str]:
    """Return the words of an option whose values are parted by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
