"""What a plugin must look like (harness.types has the protocols), checked when it is loaded, not when it runs."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from harness.errors import RequestError
from harness.request.column_roles import declared_columns, problem_of
from harness.schema import problem

SIGNATURES = {
    "method": {"examples": ["data"], "loss": ["model"]},
    "adapter": {"apply": ["model"], "register": []},
    "ranker": {"search": ["passages", "queries", "depth"]},
}
"""Kind of plugin → its functions and their parameters."""


def check_types(name: str, plugin: type, settings: Mapping[str, Any]) -> None:
    """Raise RequestError for a setting that is not of its field's type.

    Types that pydantic cannot validate are left to the plugin.
    """
    try:
        hints = get_type_hints(plugin)
        readers = {setting: TypeAdapter(hints[setting]) for setting in settings}
    except (NameError, KeyError, PydanticSchemaGenerationError):
        return
    for setting, value in settings.items():
        try:  # as JSON, where a list may stand for a tuple and 1 for 1.0, but no text for a number
            readers[setting].validate_json(json.dumps(value), strict=True)
        except (ValidationError, TypeError) as error:
            wrong = problem(error.errors()[0]) if isinstance(error, ValidationError) else str(error)
            raise RequestError(f"invalid settings of {name}: {setting} = {value!r}: {wrong}") from error


def check_signature(plugin: type, where: str) -> None:
    """Raise RequestError for a class that is not a method, an adapter or a ranker, with what is missing."""
    for variable in ("equation", "analyzer"):
        if not isinstance(text := getattr(plugin, variable, ""), str):
            raise RequestError(f"plugin {where}: class variable '{variable}' is {text!r}; write it as text")
    kind = next(
        (kind for kind, functions in SIGNATURES.items() if all(hasattr(plugin, name) for name in functions)), ""
    )
    if not kind:
        raise RequestError(f"plugin {where}: PLUGIN is not a method, adapter or ranker (see harness.types)")
    for function, expected in SIGNATURES[kind].items():
        parameters = [name for name in inspect.signature(getattr(plugin, function)).parameters if name != "self"]
        if parameters != expected:
            raise RequestError(f"plugin {where}: {kind}.{function} takes {parameters}, expected {expected}")
    missing = [name for name in ("needs", "family") if kind == "method" and not hasattr(plugin, name)]
    if missing:
        raise RequestError(f"plugin {where}: class variable '{missing[0]}' is missing")


def check_columns(plugin: Any, where: str) -> None:
    """Raise RequestError for a method whose `columns` are not a mapping of column to role."""
    if wrong := problem_of(declared_columns(plugin)):
        raise RequestError(f"plugin {where}: {wrong}")
