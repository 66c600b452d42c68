"""run.json of an output folder: the request as given and as resolved, the suite, the environment.

Written by `harness run` (harness.execution), read here by everything else. A file of another version may lack a table
or hold further ones: what is absent has a default that says "unknown", and `content` keeps the JSON as it was read, for
pages that show all of it and comparisons that miss none of it. A table of the wrong type is an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from harness.errors import DataError
from harness.keys import canonical
from harness.machine import plain_files
from harness.machine.atomic import write_atomically
from harness.machine.json_toml import parse_json
from harness.machine.names import LanguageTag, OptionalName, PathName
from harness.request.request import Request
from harness.results import checksums
from harness.schema import explain

RUN_FILE = "run.json"


class Tolerant(BaseModel):
    """A table of run.json that may hold keys of other versions."""

    model_config = ConfigDict(extra="allow", frozen=True)


class BaseModelAsRun(Tolerant):
    """The base model: `id` and `revision` of a published one, `sha256` of a folder, neither of one that was built."""

    id: str = ""
    revision: str = ""
    sha256: str = ""


class EvaluationAsRun(Tolerant):
    """What was evaluated."""

    holdout: float = 0.0


class TaskAsRun(Tolerant):
    """One task: of MTEB, or of the suite's own pairs."""

    name: str


class LanguageAsRun(Tolerant):
    """The sources of one language."""

    tasks: tuple[TaskAsRun, ...] = ()
    pair_tasks: tuple[TaskAsRun, ...] = ()


class SuiteAsRun(Tolerant):
    """The suite's definition as it was run; see harness.request.suite.Suite for the whole of it."""

    title: str = ""
    description: str = ""
    licence: str = ""
    tier: str = ""  # "": not recorded
    languages: Mapping[LanguageTag, LanguageAsRun] = Field(default_factory=dict)
    base_model: BaseModelAsRun = Field(default_factory=BaseModelAsRun)
    evaluation: EvaluationAsRun = Field(default_factory=EvaluationAsRun)
    max_train: int | None = None
    train_files: Mapping[str, Any] = Field(default_factory=dict)  # language → the user's training rows
    augmentation: Mapping[str, Any] | None = None  # the writer of further training queries
    negative_queries: str | Mapping[str, Any] | None = None  # "data", or their writer
    unverified: Mapping[str, str] = Field(default_factory=dict)


class ModelAsRun(Tolerant):
    """A named base model: the digest of the suite on it, and what that suite has otherwise than the shared one."""

    suite_digest: str = ""
    changes: Mapping[str, Any] = Field(default_factory=dict)


class Resolved(Tolerant):
    """What the request resolved to; `models` are the named base models, in the order of the request."""

    suite: OptionalName = ""
    entries: Mapping[PathName, Any] = Field(default_factory=dict)
    languages: tuple[LanguageTag, ...] = ()
    seeds: tuple[int, ...] | None = None
    primary: str | None = None
    base_model: BaseModelAsRun = Field(default_factory=BaseModelAsRun)
    models: Mapping[PathName, ModelAsRun] = Field(default_factory=dict)


class RunFile(Tolerant):
    """run.json. A folder without one has an empty one: no request, no suite."""

    command: tuple[str, ...] = ()
    resolved: Resolved = Field(default_factory=Resolved)
    suite: SuiteAsRun | None = None
    suite_digest: str = ""
    _request: Request | None = PrivateAttr(default=None)
    _content: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def request(self) -> Request | None:
        """The request as given, None if run.json holds none."""
        return self._request

    @property
    def content(self) -> Mapping[str, Any]:
        """The JSON as it was read, {} where there is no run.json."""
        return self._content

    @property
    def suite_content(self) -> Mapping[str, Any]:
        """The suite's definition as JSON, {} where run.json holds none."""
        suite = self._content.get("suite")
        return suite if isinstance(suite, Mapping) else {}

    def suite_content_on(self, model: str) -> Mapping[str, Any]:
        """The suite's definition on a named base model as JSON; that of `suite_content` for the name ""."""
        as_run = self.resolved.models.get(model)
        return {**self.suite_content, **as_run.changes} if as_run and self.suite_content else self.suite_content

    def suite_digest_on(self, model: str) -> str:
        """The digest of the suite on a named base model, "" where run.json does not hold it."""
        as_run = self.resolved.models.get(model)
        return as_run.suite_digest if as_run else "" if model else self.suite_digest

    def base_model_on(self, model: str) -> BaseModelAsRun:
        """The base model of that name; for the name "" the one of all entries."""
        if model not in self.resolved.models:
            return self.resolved.base_model
        return BaseModelAsRun.model_validate(self.suite_content_on(model).get("base_model", {}))


def read_run_file(folder: Path) -> RunFile:
    """Return run.json of an output folder, an empty one if there is none; raises DataError if it is damaged."""
    path = folder / RUN_FILE
    try:
        content = parse_json(plain_files.read(folder, RUN_FILE, "TABLE_BYTES"))
    except (FileNotFoundError, NotADirectoryError):
        return RunFile()
    except OSError as error:
        what = plain_files.remedy(error, "check its permissions")
        raise DataError(f"{path} cannot be read: {error.strerror}; {what}") from error
    except ValueError as error:
        raise DataError(f"{path} is not valid JSON: {error}; run the request again into another folder") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} does not hold a JSON object; run the request again into another folder")
    return parse_run_file(content, path)


def check_run_file(folder: Path) -> None:
    """Raise DataError for a folder whose run.json is empty, or was removed after it was listed in SHA256SUMS."""
    path, problem = folder / RUN_FILE, ""
    if os.path.lexists(path):
        problem = "" if read_run_file(folder).content else "holds no request"
    elif checksums.lists(folder, RUN_FILE):
        problem = "was removed after it was written"
    if problem:
        raise DataError(f"{path} {problem}; restore it, or run the request again into another folder")


def write_run_file(folder: Path, content: Mapping[str, Any]) -> None:
    """Write run.json, whole or not at all; equal contents give equal bytes."""
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    write_atomically(plain_files.place(folder, RUN_FILE), (text + "\n").encode())


def resolved_differences(stored: Mapping[str, Any], planned: Mapping[str, Any]) -> list[str]:
    """Return the names in which a plan resolves otherwise than the request of a run.json did."""
    planned = json.loads(json.dumps(planned))  # with lists for tuples, as `stored` has them
    return sorted(name for name in {*stored, *planned} if stored.get(name) != planned.get(name))


def parse_run_file(content: Mapping[str, Any], path: Path) -> RunFile:
    """Return run.json from its content; raises DataError, naming `path`, for a table of the wrong type."""
    tables = {name: value for name, value in content.items() if name != "request"}
    try:
        run = RunFile.model_validate(tables)
    except ValidationError as error:
        raise DataError(f"{path}: {explain(error)}; run the request again into another folder") from error
    request = content.get("request")
    if request is not None and not isinstance(request, Mapping):
        raise DataError(f"{path}: request is not a JSON object; run the request again into another folder")
    if request is not None:
        suite = {"suite": run.resolved.suite} if run.resolved.suite else {}
        run._request = Request.from_json({**suite, **request}, where=str(path))
    run._content = content
    _check_suite(run, path)
    return run


def _check_suite(run: RunFile, path: Path) -> None:
    """Raise DataError for a suite with text that UTF-8 cannot encode: its digest would be undefined."""
    for model in ("", *run.resolved.models):
        try:
            canonical(run.suite_content_on(model)).encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{path}: suite holds a lone surrogate, half a character; run the request again into another folder"
            ) from None
