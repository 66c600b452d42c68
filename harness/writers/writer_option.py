"""A writer as the command line names it, and a suite whose writers are whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from harness.errors import DataError, RequestError
from harness.keys import file_sha256, folder_sha256
from harness.request.manifest import Writer
from harness.request.suite import Suite
from harness.schema import explain
from harness.writers import query_file
from harness.writers.prompt import PROMPT

FORMS = "file:PATH, endpoint:MODEL, model:ID@REVISION or model:FOLDER"
CARRIED = ("prompt", "temperature", "max_tokens", "queries")  # of the manifest's writer, where the option names another


def with_writers(
    suite: Suite,
    negative_queries: str | None = None,
    augment: str | None = None,
    write_prompt: Path | None = None,
    data_dir: Path | None = None,
) -> Suite:
    """Return the suite with the writers that were asked for, every writer checked and with its content's hash.

    Raises RequestError and DataError for what is misspelt, missing or damaged; asks nobody anything.
    """
    chosen: dict[str, Literal["data"] | Writer | None] = {
        "negative_queries": suite.negative_queries,
        "augmentation": suite.augmentation,
    }
    if negative_queries == "data":
        chosen["negative_queries"] = "data"
    elif negative_queries is not None:
        chosen["negative_queries"] = parse("--negative-queries", negative_queries, suite.negative_queries)
    if augment is not None:
        chosen["augmentation"] = parse("--augment", augment, suite.augmentation)
    if write_prompt is not None:
        chosen = _prompted(chosen, write_prompt)
    whole = {name: _whole(given, data_dir) if isinstance(given, Writer) else given for name, given in chosen.items()}
    return suite.model_copy(update=whole)


def parse(option: str, given: str, carried: Literal["data"] | Writer | None = None) -> Writer:
    """Return the writer that an option names; raises RequestError that says what is wanted."""
    kind, _, name = given.partition(":")
    if kind not in ("file", "endpoint", "model") or not name:
        forms = f"data, {FORMS}" if option == "--negative-queries" else FORMS
        raise RequestError(f"{option} {given}: want {forms}")
    fields: dict[str, Any] = {"kind": kind}
    if kind != "file" and isinstance(carried, Writer) and carried.kind != "file":
        fields |= {field: getattr(carried, field) for field in CARRIED}
    if kind == "file" or (kind == "model" and Path(name).is_dir()):
        fields["path"] = Path(name)
    elif kind == "model":
        fields["model"], _, fields["revision"] = name.partition("@")
        if not fields["revision"]:
            raise RequestError(f"{option} {given}: neither a folder nor ID@REVISION; a revision has 40 digits")
    else:
        fields["model"] = name
    if kind == "model":
        fields["temperature"] = 0.0
    try:
        return Writer.model_validate(fields)
    except ValidationError as error:
        raise RequestError(f"{option} {given}: {explain(error)}") from error


def _prompted(chosen: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the writers with the prompt of a file, where they read one."""
    try:
        prompt = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"--write-prompt {path} cannot be read: {error}") from error
    asked = {name: given for name, given in chosen.items() if isinstance(given, Writer) and given.kind != "file"}
    if not asked:
        raise RequestError(f"--write-prompt {path}: nobody is asked; give --negative-queries or --augment a model")
    if not prompt:
        raise RequestError(f"--write-prompt {path} is empty; it wants a prompt with {{passage}} in it")
    try:
        return {
            **chosen,
            **{name: Writer.model_validate({**dict(given), "prompt": prompt}) for name, given in asked.items()},
        }
    except ValidationError as error:
        raise RequestError(f"--write-prompt {path}: {explain(error)}") from error


def _whole(writer: Writer, data_dir: Path | None) -> Writer:
    """Return the writer with its default prompt written out, and with the hash of its file or folder."""
    if writer.kind != "file" and not writer.prompt:
        writer = writer.model_copy(update={"prompt": PROMPT})
    if writer.path is None:
        return writer
    path = writer.path if writer.path.exists() or data_dir is None else data_dir / writer.path
    if writer.kind == "file":
        if not path.is_file():
            raise DataError(f"queries file {path} is missing; name one that is there, or fetch it")
        sha256 = file_sha256(path)
        query_file.read(path)
    else:
        if not path.is_dir():
            raise DataError(f"writer's model {path} is no folder; name one that is there, or ID@REVISION")
        sha256 = folder_sha256(path)
    if writer.sha256 not in (None, sha256):
        raise DataError(f"{path} is not what the manifest names: expected sha256 {writer.sha256}, found {sha256}")
    return writer.model_copy(update={"path": path.absolute(), "sha256": sha256})
