"""JSON and TOML of others, read within the limits of harness.machine.limits.

Every error is a ValueError with one line: of the syntax, of the encoding, or of a limit. NaN and infinite numbers,
which JSON does not have and no file of the harness needs, are errors in documents; in rows they are read.
"""

from __future__ import annotations

import json
import math
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

from harness.machine import bounded
from harness.machine.limits import beyond, limit


def parse_json(content: str | bytes) -> Any:
    """Return the value of a JSON document."""
    _check_size(content, "DOCUMENT_BYTES")
    return _shallow(_decoded(_text(content), _DOCUMENT))


def check_numbers(value: Any) -> int:
    """Raise ValueError for a number that `parse_json` refuses, in lists and tables that another reader has parsed.

    Returns the bytes of memory that they take.
    """
    most = 10 ** limit("DIGITS")
    holders, taken = [value], 0
    for holder in holders:  # which grows
        if type(holder) is dict:
            taken += sum(map(sys.getsizeof, holder))
        for item in _items(holder):
            kind = type(item)
            taken += sys.getsizeof(item)
            if kind is dict or kind is list:
                holders.append(item)
            elif kind is float and item - item != 0:
                raise ValueError(f"{item} is not a finite number")
            elif kind is int and not -most < item < most:
                raise ValueError(f"an integer has {beyond('DIGITS')}")
    return taken


def parse_row(line: str | bytes) -> Any:
    """Return the value of one line of JSON lines, whose length the reader of lines has limited."""
    text = _text(line)
    value = _decoded(text, _ROW)
    return _shallow(value) if text.count("[") + text.count("{") > limit("DEPTH") else value


def parse_data(text: str) -> Any:
    """Return the value of a JSON file of data, whose length its reader has limited."""
    return _shallow(_decoded(text, _ROW))


def read_json(path: Path) -> Any:
    """Return the value of a JSON file; raises OSError and TooLarge too."""
    return parse_json(bounded.read(path, "DOCUMENT_BYTES"))


def parse_toml(content: str | bytes) -> dict[str, Any]:
    """Return the table of a TOML document; its dates and times are errors, for no table of the harness has one."""
    _check_size(content, "TOML_BYTES")
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise ValueError(beyond("DEPTH")) from None
    _shallow(table)
    check_numbers(table)
    for value in _values(table):
        if isinstance(value, date | time):
            raise ValueError(f"{value} is a date or a time; put it in quotes")
    return table


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table of a TOML file; raises OSError and TooLarge too."""
    return parse_toml(bounded.read(path, "TOML_BYTES"))


def _check_size(content: str | bytes, name: str) -> None:
    if len(content) > limit(name):
        raise ValueError(beyond(name))


def _text(content: str | bytes) -> str:
    """Return the text of JSON; a lone surrogate is read, and refused where a text is checked."""
    return content if isinstance(content, str) else content.decode(json.detect_encoding(content), "surrogatepass")


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except RecursionError:
        raise ValueError(beyond("DEPTH")) from None


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > limit("DIGITS"):
        raise ValueError(f"an integer has {beyond('DIGITS')}")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is not a finite number")
    return number


_DOCUMENT = json.JSONDecoder(parse_int=_integer, parse_float=_finite, parse_constant=_finite)
_ROW = json.JSONDecoder(parse_int=_integer)


def _shallow(value: Any) -> Any:
    """Return a value whose lists and tables are not nested deeper than DEPTH; raises ValueError otherwise."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit("DEPTH")):
        if not level:
            return value
        level = [item for holder in level for item in _items(holder) if isinstance(item, dict | list)]
    if level:
        raise ValueError(beyond("DEPTH"))
    return value


def _items(holder: Any) -> Any:
    return holder.values() if isinstance(holder, dict) else holder


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in _items(value):
            yield from _values(item)
    else:
        yield value
