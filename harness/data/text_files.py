"""Files that are read as a whole: text, JSON and tables; every error names the line or the byte."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import DataError

T = TypeVar("T")

RESTORE = "restore the file or fetch it again"


def only_path(paths: Sequence[Path], reader: str) -> Path:
    """Return the path of a source of one file; raises DataError if there are more or none."""
    if len(paths) != 1:
        raise DataError(f"reader '{reader}' takes one file, not {len(paths)}; correct the manifest's list of files")
    return paths[0]


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; raises DataError naming the line and the byte that is not UTF-8."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path} line {line}: byte {error.start} is not UTF-8; {RESTORE}") from error


def read_json(path: Path) -> Any:
    """Return the JSON value of a file; raises DataError with the line of an error."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise DataError(f"{path} line {error.lineno}: truncated or broken JSON ({error.msg}); {RESTORE}") from error


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ("FILE line N", object) for every line of a JSON-lines file."""
    for number, line in enumerate(io.StringIO(read_text(path), newline=None), start=1):
        where = f"{path} line {number}"
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{where}: truncated or broken JSON ({error.msg}); {RESTORE}") from error
        yield where, member({"line": value}, "line", dict, where)


def table(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("FILE line N", row by column name) for a tab-separated file with a header and CSV quotes."""
    rows = csv.reader(io.StringIO(read_text(path), newline=""), delimiter="\t", strict=True)
    header: list[str] = []
    while True:
        where = f"{path} line {rows.line_num + 1}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{where}: truncated or broken row ({error}); {RESTORE}") from error
        if not header:
            header = row
            continue
        if len(row) != len(header):
            raise DataError(f"{where}: {len(row)} fields where the header has {len(header)}; correct the row")
        yield where, dict(zip(header, row, strict=True))


def member(value: Mapping[str, Any], name: str, kind: type[T], where: str) -> T:
    """Return `value[name]`; raises DataError if it is missing or of another type."""
    item = value.get(name)
    if not isinstance(item, kind):
        problem = "missing" if name not in value else f"{type(item).__name__}, not {kind.__name__}"
        raise DataError(f"{where}: '{name}' is {problem}; correct the file or the reader that the manifest names")
    return item
