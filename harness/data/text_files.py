"""Files as text, JSON and rows, with the line or the byte in every complaint."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import DataError

T = TypeVar("T")

AGAIN = "restore the file or fetch it again"


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; raises DataError naming the line and the byte that is not UTF-8."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the place and its permissions") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path} line {line}: byte {error.start} is not UTF-8; {AGAIN}") from error


def read_json(path: Path) -> Any:
    """Return the JSON value that a file holds."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path} line {error.lineno}: truncated or broken JSON ({error.msg}); {AGAIN}") from error


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place ("FILE line N") and the object of every line of a JSON-lines file."""
    for number, line in enumerate(io.StringIO(read_text(path), newline=None), start=1):
        where = f"{path} line {number}"
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{where}: truncated or broken JSON ({error.msg}); {AGAIN}") from error
        yield where, member({"line": value}, "line", dict, where)


def table(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the place and the row, by column name, of a tab-separated file with a header and CSV quotes."""
    rows = csv.reader(io.StringIO(read_text(path), newline=""), delimiter="\t", strict=True)
    header: list[str] = []
    while True:
        where = f"{path} line {rows.line_num + 1}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{where}: truncated or broken row ({error}); {AGAIN}") from error
        if not header:
            header = row
            continue
        if len(row) != len(header):
            raise DataError(f"{where}: {len(row)} fields where the header has {len(header)}; correct the row")
        yield where, dict(zip(header, row, strict=True))


def member(value: Mapping[str, Any], name: str, kind: type[T], where: str) -> T:
    """Return `value[name]`, which must be there and of that kind."""
    found = value.get(name)
    if not isinstance(found, kind):
        was = "missing" if name not in value else f"{type(found).__name__}, not {kind.__name__}"
        raise DataError(f"{where}: '{name}' is {was}; correct the file or the reader that the manifest names")
    return found
