"""Nested settings as (dotted name, text) pairs: one form for pages, comparisons and model cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Facts = list[tuple[str, str]]
EMPTY: tuple[object, ...] = (None, "", [], ())


def flatten(value: Mapping[str, Any], prefix: str = "") -> Facts:
    """Return nested settings as dotted names with their values as text, sorted; empty values are left out."""
    facts: Facts = []
    for name, item in sorted(value.items()):
        if isinstance(item, Mapping):
            facts += flatten(item, f"{prefix}{name}.")
        elif item not in EMPTY:
            facts.append((f"{prefix}{name}", text(item)))
    return facts


def text(value: Any) -> str:
    """Return a value as it is read: strings bare, lists of plain values with commas, all else as JSON."""
    if isinstance(value, str):
        return value
    if type(value) in (int, float):
        return repr(value)
    if isinstance(value, list | tuple) and not any(isinstance(item, list | tuple | Mapping) for item in value):
        return ", ".join(map(text, value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
