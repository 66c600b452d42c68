"""Writers as the command line names them, and a suite with its writers checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from harness.errors import DataError, RequestError
from harness.machine.file_hashes import file_sha256, folder_sha256
from harness.request.manifest import Writer
from harness.request.suite import Suite
from harness.schema import explain
from harness.writers import query_file
from harness.writers.prompt import PROMPT

FORMS = "file:PATH, endpoint:MODEL, model:ID@REVISION or model:FOLDER"
INHERITED = ("prompt", "temperature", "max_tokens", "queries")  # from the manifest's writer, if the option replaces it

Source = Literal["data"] | Writer | None


def with_writers(
    suite: Suite,
    negative_queries: str | None = None,
    augment: str | None = None,
    write_prompt: Path | None = None,
    data_dir: Path | None = None,
) -> Suite:
    """Return the suite with the requested writers, all of them checked and completed with the hash of their content.

    Raises RequestError or DataError if an option is misspelt, or a file is missing or damaged; sends no request.
    """
    writers: dict[str, Source] = {"negative_queries": suite.negative_queries, "augmentation": suite.augmentation}
    if negative_queries == "data":
        writers["negative_queries"] = "data"
    elif negative_queries is not None:
        writers["negative_queries"] = parse("--negative-queries", negative_queries, suite.negative_queries)
    if augment is not None:
        writers["augmentation"] = parse("--augment", augment, suite.augmentation)
    if write_prompt is not None:
        writers = _with_prompt(writers, write_prompt)
    completed = {
        name: _completed(writer, (data_dir, *suite.folders)) if isinstance(writer, Writer) else writer
        for name, writer in writers.items()
    }
    return suite.model_copy(update=completed)


def parse(option: str, value: str, replaced: Source = None) -> Writer:
    """Return the writer that an option's value names; raises RequestError that lists the valid forms.

    If it replaces a writer of the manifest, it inherits that writer's prompt and settings.
    """
    kind, _, name = value.partition(":")
    if kind not in ("file", "endpoint", "model") or not name:
        forms = f"data, {FORMS}" if option == "--negative-queries" else FORMS
        raise RequestError(f"{option} {value}: expected {forms}")
    fields: dict[str, Any] = {"kind": kind}
    if kind != "file" and isinstance(replaced, Writer) and replaced.kind != "file":
        fields |= {field: getattr(replaced, field) for field in INHERITED}
    if kind == "file" or (kind == "model" and Path(name).is_dir()):
        fields["path"] = Path(name)
    elif kind == "model":
        fields["model"], _, fields["revision"] = name.partition("@")
        if not fields["revision"]:
            raise RequestError(f"{option} {value}: neither a folder nor ID@REVISION with a 40-digit revision")
    else:
        fields["model"] = name
    if kind == "model":
        fields["temperature"] = 0.0
    try:
        return Writer.model_validate(fields)
    except ValidationError as error:
        raise RequestError(f"{option} {value}: {explain(error)}") from error


def _with_prompt(writers: Mapping[str, Source], path: Path) -> dict[str, Source]:
    """Return the writers with the prompt of a file, for those that use a prompt."""
    try:
        prompt = path.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise RequestError(f"--write-prompt {path} cannot be read: {error.strerror}; name a text file") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"--write-prompt {path} is not UTF-8; save it as UTF-8") from error
    prompted = {
        name: writer for name, writer in writers.items() if isinstance(writer, Writer) and writer.kind != "file"
    }
    if not prompted:
        raise RequestError(
            f"--write-prompt {path}: no writer uses a prompt; "
            "name an endpoint or a model with --negative-queries or --augment"
        )
    if not prompt:
        raise RequestError(f"--write-prompt {path} is empty; write a prompt that contains {{passage}}")
    try:
        replaced = {
            name: Writer.model_validate({**dict(writer), "prompt": prompt}) for name, writer in prompted.items()
        }
    except ValidationError as error:
        raise RequestError(f"--write-prompt {path}: {explain(error)}") from error
    return {**writers, **replaced}


def _completed(writer: Writer, folders: Sequence[Path | None]) -> Writer:
    """Return the writer with its default prompt written out, and with the hash of its file or folder.

    A relative path is searched for in the working folder, then in `folders`.
    """
    if writer.kind != "file" and not writer.prompt:
        writer = writer.model_copy(update={"prompt": PROMPT})
    if writer.path is None:
        return writer
    candidates = [writer.path, *(folder / writer.path for folder in folders if folder is not None)]
    path = next((candidate for candidate in candidates if candidate.exists()), candidates[min(1, len(candidates) - 1)])
    if writer.kind == "file":
        if not path.is_file():
            raise DataError(f"queries file {path} does not exist; name an existing file, or fetch it")
        sha256 = file_sha256(path)
        query_file.read(path)
    else:
        if not path.is_dir():
            raise DataError(f"writer's model {path} is not a folder; name an existing folder, or ID@REVISION")
        sha256 = folder_sha256(path)
    if writer.sha256 not in (None, sha256):
        raise DataError(
            f"{path} does not match the sha256 in the manifest: expected {writer.sha256}, found {sha256}; "
            "restore the file, or correct the manifest"
        )
    return writer.model_copy(update={"path": path.absolute(), "sha256": sha256})
