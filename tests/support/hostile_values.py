"""Values that no reader expects, planted into valid documents; documents written as JSON or TOML.

`NUMBERS` are Python's spellings, which JSON's readers in Python take: NaN, an infinity, integers without end.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

DEEP = "deep"  # stands for a value that is nested as deep as `nested` makes it
Place = tuple[str | int, ...]


class Spelled(str):
    """A value that is written as it is spelled, without quotes."""

    __slots__ = ()


def nested(depth: int) -> Spelled:
    return Spelled("[" * depth + "]" * depth)


LEAVES: list[Any] = [
    *(None, True, 0, -1, 1.5, "", "x", "\u202e\x1b[31m\n::error::", "\ud800", "a/../b", [], {}, [[]], [None], {"": 0}),
    *(10**30, Spelled("1" * 41), Spelled("1" * 5000), Spelled("-" + "9" * 400), Spelled("1e999"), Spelled("NaN")),
    *(Spelled("-Infinity"), nested(65), nested(500), nested(100_000)),
]
TOML_ONLY: list[Any] = [
    Spelled(text) for text in ("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "nan", "-inf", "0x")
]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield where the values of a document are: names and indices from the top."""
    yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from places(item, (*place, name))


def changed_at(document: Any, place: Place, leaf: Any) -> Any:
    """Return a copy of a document with `leaf` at one of its places; with nothing there for `...`."""
    if not place:
        return {} if leaf is ... else leaf
    copied = copy.deepcopy(document)
    parent = copied
    for name in place[:-1]:
        parent = parent[name]
    if leaf is ...:
        del parent[place[-1]]
    else:
        parent[place[-1]] = leaf
    return copied


def as_json(value: Any) -> bytes:
    """Return JSON, with spelled values as they are and lone surrogates escaped."""
    if isinstance(value, Spelled):
        return value.encode()
    if isinstance(value, dict):
        return (
            b"{" + b", ".join(json.dumps(name).encode() + b": " + as_json(item) for name, item in value.items()) + b"}"
        )
    if isinstance(value, list):
        return b"[" + b", ".join(map(as_json, value)) + b"]"
    return json.dumps(value).encode()


def as_toml(value: Any) -> bytes:
    """Return a TOML document, its tables inline."""
    if not isinstance(value, dict):
        return _inline(value)
    return b"\n".join(json.dumps(name).encode() + b" = " + _inline(item) for name, item in value.items()) + b"\n"


def _inline(value: Any) -> bytes:
    if isinstance(value, dict):
        return (
            b"{" + b", ".join(json.dumps(name).encode() + b" = " + _inline(item) for name, item in value.items()) + b"}"
        )
    if isinstance(value, list):
        return b"[" + b", ".join(map(_inline, value)) + b"]"
    return as_json(value)
