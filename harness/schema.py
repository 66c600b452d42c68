"""The base model of every table that the harness reads or writes: unknown keys are errors, in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

KEY = "[key]"  # pydantic's name for the place of a table's key
WANTED = {  # pydantic's types of errors → what a value must be
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    "finite_number": "a finite number",
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    "string_type": "text",
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"), "a table"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), "a list"),
}
SHOWN = 60  # characters of a refused value


def unset(value: Any) -> bool:
    """Return whether a setting is absent: excluded by this, it is in no dump, digest or key."""
    return value is None


class Strict(BaseModel):
    """A frozen model that rejects unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def explain(error: ValidationError) -> str:
    """Return a validation error as one line: place and message of the first problem, and the number of others."""
    problems = error.errors()
    first = problems[0]
    parts = (" ".join(str(part).split()) for part in first["loc"] if part != KEY)
    place = ".".join(part for part in parts if not part.startswith("function-"))  # a model of several, and its checks
    message = problem(first)
    if message.startswith("must ") and first["loc"][-1:] != (KEY,):
        message += f", not {_shown(first['input'])}"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {message}{more}" if place else f"{message}{more}"


def problem(details: ErrorDetails) -> str:
    """Return what is wrong with a value, without the value: "must be a whole number"."""
    kind, message = details["type"], details["msg"]
    if kind == "extra_forbidden":
        return "unknown key"
    if kind == "literal_error" and details["loc"][-1:] == (KEY,):
        return f"unknown name; use {details['ctx']['expected']}"
    if kind == "missing":
        return "missing"
    if kind in WANTED:
        return f"must be {WANTED[kind]}"
    message = re.sub(r"^(Input|String|Tuple|List|Dictionary|Mapping) should ", "must ", message)
    return message.removeprefix("Value error, ").replace(" after validation", "")


def _shown(value: object) -> str:
    r"""Return a refused value as a message shows it.

    >>> _shown(True), _shown("a\n"), _shown([1]), _shown({}), len(_shown("a" * 99)), len(_shown(10**99))
    ('true', "'a\\n'", 'a list', 'a table', 63, 61)
    """
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return repr(text) if isinstance(value, str) else text
