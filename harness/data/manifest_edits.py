"""The text of a manifest with hashes, sizes and counts written into it, for `harness data pin`.

The text is edited line by line, so that comments and layout stay. The result is parsed and compared with what it must
hold.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.machine.json_toml import parse_toml

STRING = r"(?:\"[^\"\n]*\"|'[^'\n]*')"


@dataclass(frozen=True)
class Pins:
    """What is written: path → (sha256, bytes), and language → count → number."""

    files: Mapping[str, tuple[str, int]]
    counts: Mapping[str, Mapping[str, int]]


def with_pins(text: str, pins: Pins, path: Path) -> str:
    """Return the text of a manifest with the pins in it; raises DataError where its layout cannot be edited."""
    new = text
    for file, (sha256, size) in pins.files.items():
        new = _with_file(new, file, {"sha256": f'"{sha256}"', "bytes": str(size)})
    for language, counts in pins.counts.items():
        new = _with_counts(new, language, counts)
    try:
        edited = parse_toml(new)
    except ValueError:
        edited = {}
    if edited != _expected(parse_toml(text), pins):
        values = "; ".join(f'{file}: sha256 = "{sha}", bytes = {size}' for file, (sha, size) in pins.files.items())
        numbers = "; ".join(f"{language}: {dict(counts)}" for language, counts in pins.counts.items())
        raise DataError(f"manifest {path} is laid out so that it cannot be edited; write yourself {values}; {numbers}")
    return new


def _with_file(text: str, file: str, values: Mapping[str, str]) -> str:
    """Return the text with the values in every table of files that has this path."""
    named = re.compile(rf"(?<![\w.-])path[ \t]*=[ \t]*(?:\"{re.escape(file)}\"|'{re.escape(file)}')")
    for match in reversed(list(named.finditer(text))):
        line = text.rfind("\n", 0, match.start()) + 1
        opened = text.rfind("{", line, match.start())
        inline = opened > text.rfind("}", line, match.start())
        start, end = _inline(text, opened, match.end()) if inline else _block(text, match.start())
        table, at = text[start:end], match.end() - start
        for name, value in reversed(list(values.items())):
            table = _with_value(table, name, value, at, ", " if inline else "\n" + text[line : match.start()])
        text = text[:start] + table + text[end:]
    return text


def _inline(text: str, opened: int, after: int) -> tuple[int, int]:
    end = text.find("}", after)
    return opened, end if end >= 0 else len(text)


def _block(text: str, position: int) -> tuple[int, int]:
    """Return where the table around a position starts and ends: from its header to the next one."""
    start = max(text.rfind("\n[", 0, position), 0)
    end = text.find("\n[", position)
    return start, end if end >= 0 else len(text)


def _with_value(table: str, name: str, value: str, at: int, separator: str) -> str:
    """Return a table's text with a value replaced, or added at a position."""
    old = re.compile(rf"(?<![\w.-])({name}[ \t]*=[ \t]*)(?:{STRING}|[\d_]+)")
    if old.search(table):
        return old.sub(lambda match: match[1] + value, table, count=1)
    return f"{table[:at]}{separator}{name} = {value}{table[at:]}"


def _with_counts(text: str, language: str, counts: Mapping[str, int]) -> str:
    name = rf"languages\.\"?{re.escape(language)}\"?"
    header = re.search(rf"(?m)^[ \t]*\[{name}\.counts\][^\n]*", text)
    if header is None and (own := re.search(rf"(?m)^[ \t]*\[{name}\][^\n]*", text)):
        block = text[own.end() : _block(text, own.end())[1]]
        if stated := re.search(r"(?m)^[ \t]*counts[ \t]*=[ \t]*\{([^}\n]*[^}\s])", block):
            return _with_inline_counts(text, own.end() + stated.start(1), own.end() + stated.end(1), counts)
    if header is None:
        rows = "".join(f"{name} = {number}\n" for name, number in counts.items())
        return f"{text.rstrip()}\n\n[languages.{language}.counts]  # a difference is an error\n{rows}"
    _, end = _block(text, header.end())
    table, at = text[header.start() : end], header.end() - header.start()
    for name, number in reversed(list(counts.items())):
        table = _with_value(table, name, str(number), at, "\n")
    return text[: header.start()] + table + text[end:]


def _with_inline_counts(text: str, start: int, end: int, counts: Mapping[str, int]) -> str:
    """Return the text with the counts in what stands between the braces of an inline table."""
    table = text[start:end]
    for name, number in counts.items():
        table = _with_value(table, name, str(number), len(table), ", ")
    return text[:start] + table + text[end:]


def _expected(table: Mapping[str, Any], pins: Pins) -> dict[str, Any]:
    """Return what the edited manifest must hold."""
    expected = copy.deepcopy(dict(table))
    for file in tables_of_files(expected):
        if "url" not in file and file.get("path") in pins.files:
            file["sha256"], file["bytes"] = pins.files[file["path"]]
    for language, counts in pins.counts.items():
        expected["languages"][language].setdefault("counts", {}).update(counts)
    return expected


def tables_of_files(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every table of a file in a manifest."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and isinstance(value.get("files"), list):
        yield from (file for file in value["files"] if isinstance(file, dict))
    for child in children:
        yield from tables_of_files(child)
