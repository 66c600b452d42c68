"""What `harness run` is asked to do: one field per option, with everything about the option in one place.

A new option is a field here, and its use in the module that needs it: the command line, run.json and the commands that
repeat a run follow from the field. A dataclass, not a pydantic model: `harness --help` must not wait for pydantic.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from harness.errors import DataError, RequestError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from harness.request.cell import Place


class DeviceName(StrEnum):
    """Where a cell computes."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


@dataclass(frozen=True)
class Option:
    """How a field of `Request` is typed on the command line and named in run.json.

    `read` turns what was typed into the field's value and raises RequestError. Of a tuple it is given the whole text,
    whose values are comma-separated; a tuple without `read` is an option that may be repeated.
    """

    help: str
    read: Callable[[Any], Any] | None = None
    flag: str = ""  # default: the field's name, such as --base-model
    key: str = ""  # in run.json; default: the field's name
    default: Any = None  # on the command line; default: the field's
    changes_suite: bool = False  # a report names it as a departure from the suite


def words(text: str) -> tuple[str, ...]:
    """Return the values of a comma-separated text.

    >>> words("ko, hi,")
    ('ko', 'hi')
    """
    return tuple(word.strip() for word in text.split(",") if word.strip())


def seed_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in words(text))
    except ValueError:
        raise RequestError(f"--seeds {text}: seeds are comma-separated integers from 0 on, such as 0,1,2") from None


def _data_dir(path: Path) -> Path:
    if not path.is_dir():
        raise RequestError(f"--data-dir {path} is not a folder")
    return path.absolute()


@dataclass(frozen=True)
class Request:
    """A request as given, with paths as a worker in another folder finds them.

    The command line resolves device `auto` where the cells run, before it plans and records the request.

    The order of the fields is that of the options in `harness run --help` and in `command`.
    """

    suite: Annotated[str, Option("Suite: a name, NAME@VARIANT, or the path of a manifest (.toml).")] = "mini"
    methods: Annotated[
        tuple[str, ...],
        Option("Comma-separated entries; 'all', 'all@published', NAME@published.", words),
    ] = ("all",)
    languages: Annotated[
        tuple[str, ...], Option("Comma-separated languages; all of the suite by default.", words, flag="--langs")
    ] = ()
    seeds: Annotated[tuple[int, ...], Option("Comma-separated root seeds.", seed_numbers)] = (0, 1, 2)
    base_model: Annotated[
        str | None,
        Option(
            "Folder, or HUB_ID[@REVISION], in place of the suite's base model; or several, as A=MODEL,B=MODEL.",
            changes_suite=True,
        ),
    ] = None
    max_train: Annotated[int | None, Option("Maximum number of training queries per language.", changes_suite=True)] = (
        None
    )
    train_file: Annotated[
        str | None,
        Option("Training rows {query, pos, neg, neg_q}: PATH, or ko=PATH,hi=PATH.", changes_suite=True),
    ] = None
    negative_queries: Annotated[
        str | None,
        Option(
            "Source of CLPL's negative queries: data, file:PATH, endpoint:MODEL, model:ID@REVISION.", changes_suite=True
        ),
    ] = None
    augment: Annotated[
        str | None,
        Option("Writer of additional training queries: file:…, endpoint:… or model:… as above.", changes_suite=True),
    ] = None
    write_prompt: Annotated[
        Path | None, Option("File with the writers' prompt, with {passage} and {language}.", changes_suite=True)
    ] = None
    methods_path: Annotated[Path | None, Option("Folder with your own plugins.", Path.absolute)] = None
    measures: Annotated[
        tuple[str, ...],
        Option("Comma-separated measures in place of the suite's, such as nDCG@10,R@100.", words, changes_suite=True),
    ] = ()
    settings: Annotated[
        tuple[str, ...],
        Option(
            "NAME.FIELD=VALUE, such as clpl.penalty_weight=0.5; comma-separated values are a sweep. May be repeated.",
            flag="--set",
            key="set",
            changes_suite=True,
        ),
    ] = ()
    unverified_data: Annotated[
        bool, Option("Accept data that differ from the suite's manifest; the records say so.")
    ] = False
    device: Annotated[DeviceName, Option("Device to compute on.", default=DeviceName.auto)] = DeviceName.cpu
    data_dir: Annotated[Path | None, Option("Folder searched first for the suite's files.", _data_dir)] = None

    def place(self, cache: Path) -> Place:
        """Return where the request's cells compute and keep things, with the cache of this machine."""
        from harness.request.cell import Place

        return Place(cache.absolute(), self.data_dir, self.methods_path, str(self.device))

    def to_json(self) -> dict[str, Any]:
        """Return the request as run.json holds it."""
        return {option.key: _as_json(getattr(self, name)) for name, option in options().items()}

    @classmethod
    def from_json(cls, table: Mapping[str, Any], where: str = "run.json") -> Request:
        """Return the request of a run.json; what an older one lacks, or has as null, is the default.

        Raises DataError, naming `where`, for an unknown key and for a value of the wrong type.
        """
        names = {option.key: name for name, option in options().items()}
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in names:
                raise DataError(f"{where}: request.{key}: unknown key; use the version of harness that wrote the file")
            if value is not None:
                values[names[key]] = _from_json(value, names[key], f"{where}: request.{key}")
        return cls(**values)

    def changes(self) -> dict[str, Any]:
        """Return the options that change the suite, by their names in run.json; those that are not given left out."""
        table = self.to_json()
        return {
            option.key: table[option.key]
            for option in options().values()
            if option.changes_suite and table[option.key] not in (None, "", [])
        }

    def typed(self, name: str) -> str:
        """Return how the option of a field is typed, such as `--seeds 0,1`, and `no --langs` where it is empty."""
        option = options()[name]
        return shlex.join(_arguments(option, getattr(self, name))) or f"no {option.flag}"

    def command(self, *arguments: str) -> str:
        """Return the shell line that makes this request, with further arguments at its end."""
        line = ["harness", "run"]
        for name, option in options().items():
            line += _arguments(option, getattr(self, name))
        return shlex.join([*line, *arguments])


@cache
def options() -> Mapping[str, Option]:
    """Return the option of every field of `Request`, in order, with its flag and its name in run.json filled in."""
    table = {}
    for name, hint in get_type_hints(Request, include_extras=True).items():
        (option,) = hint.__metadata__
        flag = option.flag or f"--{name.replace('_', '-')}"
        table[name] = replace(option, flag=flag, key=option.key or name)
    return table


@cache
def _reader(name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(get_type_hints(Request)[name])


def _from_json(value: Any, name: str, where: str) -> Any:
    from pydantic import ValidationError

    from harness.schema import problem

    try:  # as JSON, where a list stands for a tuple and a text for a path, but no text for a number
        return _reader(name).validate_json(json.dumps(value), strict=True)
    except (ValidationError, TypeError) as error:
        wrong = problem(error.errors()[0]) if isinstance(error, ValidationError) else str(error)
        raise DataError(f"{where} = {value!r}: {wrong}; run the request again into another folder") from error


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path | StrEnum) else value


def _arguments(option: Option, value: Any) -> list[str]:
    """Return how an option is typed, nothing where it is empty."""
    if value is None or value is False or value == ():
        return []
    if value is True:
        return [option.flag]
    if isinstance(value, tuple) and option.read is None:
        return [word for part in value for word in (option.flag, part)]
    return [option.flag, ",".join(map(str, value)) if isinstance(value, tuple) else str(value)]
