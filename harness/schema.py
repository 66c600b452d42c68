"""The base model of every table that the harness reads or writes: unknown keys are errors, in one line."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

KEY = "[key]"  # pydantic's name for the place of a table's key


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
    if first["type"] == "extra_forbidden":
        message = "unknown key"
    elif first["type"] == "literal_error" and first["loc"][-1] == KEY:
        message = f"unknown name; use {first['ctx']['expected']}"
    else:
        message = first["msg"].removeprefix("Value error, ")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{place}: {message}{more}" if place else f"{message}{more}"
