"""The options of `harness run` that are recorded: one per field of harness.request.request.Request."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from typing import Annotated, Any, get_origin, get_type_hints

import typer

from harness.cli.options import request_option
from harness.errors import RequestError
from harness.request.request import Request, options


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with one option per field of `Request` in place of its first two parameters.

    These are the request, and the names of the fields that were given.
    """
    _, _, *others = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(context: typer.Context, **values: Any) -> None:
        request = _request({field.name: values.pop(field.name) for field in fields(Request)})
        given = {field.name for field in fields(Request) if _is_given(context, field.name)}
        command(request, given, **values)

    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [
        context,
        *_parameters(),
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in others),
    ]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return with_options


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _parameters() -> list[inspect.Parameter]:
    """Return one parameter per field as typer reads them: the type and the default as typed, the flag and the help."""
    hints = get_type_hints(Request)
    parameters = []
    for field in fields(Request):
        kind: Any = hints[field.name]
        default: Any = options()[field.name].default or field.default
        if get_origin(kind) is tuple:
            repeated = options()[field.name].read is None
            kind, default = (list[str], list(default)) if repeated else (str, ",".join(map(str, default)))
            if not default and not repeated:
                kind, default = str | None, None
        annotation = Annotated[kind, request_option(field.name)]
        parameter = inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        parameters.append(parameter.replace(default=default))
    return parameters


def _request(values: Mapping[str, Any]) -> Request:
    """Return the request of the values that typer read; raises RequestError for one that its option rejects."""
    parsed: dict[str, Any] = {}
    for name, option in options().items():
        value = values[name]
        if value is None:
            continue
        if option.read is not None:
            value = option.read(value)
            if value == ():
                raise RequestError(f"{option.flag}: the list is empty; leave the option out, or name something")
        parsed[name] = tuple(value) if isinstance(value, list) else value
    return Request(**parsed)
