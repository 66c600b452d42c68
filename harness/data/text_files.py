"""Files that are read as a whole: text, JSON and tables; every error names the line or the byte."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import DataError, one_line, quantity
from harness.machine import bounded
from harness.machine.json_toml import parse_data, parse_row

T = TypeVar("T")

RESTORE = "restore the file or fetch it again"
JSON_KINDS = {dict: "object", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
FORMATS = {  # first bytes → what a file is, and what to do
    b"PK\x03\x04": ("a zip archive", "unpack it"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "decompress it"),
    b"BZh": ("compressed by bzip2", "decompress it"),
    b"\xfd7zXZ\x00": ("compressed by xz", "decompress it"),
    b"PAR1": ("a parquet file", "convert it to JSON lines"),
    b"\xff\xfe": ("UTF-16", "save it as UTF-8"),
    b"\xfe\xff": ("UTF-16", "save it as UTF-8"),
    b"version https://git-lfs": ("a Git LFS pointer", "fetch the file that it stands for with `git lfs pull`"),
}


def only_path(paths: Sequence[Path], reader: str) -> Path:
    """Return the path of a source of one file; raises DataError if there are more or none."""
    if len(paths) != 1:
        raise DataError(f"reader '{reader}' takes one file, not {len(paths)}; correct the manifest's list of files")
    return paths[0]


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark; a file compressed by gzip is decompressed.

    Raises DataError naming the line and the byte that is not UTF-8.
    """
    try:
        content = bounded.read(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from error
    content = unpacked(content, path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path} line {line}: byte {error.start} is not UTF-8; {RESTORE}") from error


def unpacked(content: bytes, path: Path) -> bytes:
    """Return the content of a file, decompressed if it is gzip under any name; raises DataError for another format."""
    if content.startswith(bounded.GZIP):
        try:
            return bounded.unzipped(content, path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: the gzip file is truncated or damaged ({error}); {RESTORE}") from error
    for start, (kind, remedy) in FORMATS.items():
        if content.startswith(start):
            raise DataError(f"{path} is {kind}, not UTF-8 text; {remedy}")
    return content


def read_json(path: Path) -> Any:
    """Return the JSON value of a file; raises DataError with the line of an error."""
    try:
        return parse_data(read_text(path))
    except ValueError as error:
        raise broken_json(path, getattr(error, "lineno", 1), error) from error


def json_lines(path: Path, *keys: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ("FILE line N", object) for every line of a JSON-lines file that is not blank.

    `keys` are those that a line needs, for the error of one that is not an object.
    """
    for number, line in enumerate(io.StringIO(read_text(path), newline=None), start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            value = parse_row(line)
        except ValueError as error:
            raise broken_json(path, number, error) from error
        yield where, json_object(value, where, *keys)


def broken_json(path: Path, line: int, error: ValueError) -> DataError:
    """Return the error for a line that is not JSON, or exceeds a limit."""
    reason = error.msg if isinstance(error, json.JSONDecodeError) else one_line(error)
    return DataError(f"{path} line {line}: truncated or broken JSON ({reason}); {RESTORE}")


def table(path: Path, delimiter: str = "\t") -> Iterator[tuple[str, dict[str, str]]]:
    """Yield ("FILE line N", row by column name) for a file with a header and CSV quotes, tab-separated by default.

    Blank lines are left out.
    """
    rows = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        where = f"{path} line {rows.line_num + 1}"
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{where}: truncated or broken row ({error}); {RESTORE}") from error
        if len(row) < 2 and not "".join(row).strip():
            continue
        if not header:
            header = row
            continue
        if len(row) != len(header):
            raise DataError(
                f"{where}: {quantity(len(row), 'field')} where the header has {len(header)}; correct the row"
            )
        yield where, dict(zip(header, row, strict=True))


def json_object(value: object, where: str, *keys: str) -> dict[str, Any]:
    """Return a value if it is a JSON object; raises DataError, with the keys that it needs, for another one."""
    if not isinstance(value, dict):
        expected = f"an object with {', '.join(keys)}" if keys else "an object"
        raise DataError(f"{where}: {json_kind(type(value))}, not {expected}; correct the row")
    return value


def json_kind(kind: type) -> str:
    """Return what JSON calls the values of a type.

    >>> json_kind(list), json_kind(bool), json_kind(type(None))
    ('a JSON list', 'a JSON boolean', 'null')
    """
    if kind is type(None):
        return "null"
    return f"a JSON {JSON_KINDS.get(kind, kind.__name__)}"


def member(value: Mapping[str, Any], name: str, kind: type[T], where: str) -> T:
    """Return `value[name]`; raises DataError if it is missing or of another type."""
    item = value.get(name)
    if not isinstance(item, kind):
        problem = "missing" if name not in value else f"{json_kind(type(item))}, not {json_kind(kind)}"
        raise DataError(f"{where}: '{name}' is {problem}; correct the file or the reader that the manifest names")
    return item
