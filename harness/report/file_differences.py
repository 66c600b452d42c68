"""The first difference between a file of a report and the same file written again from the records.

With the generator of the file (harness.report.generator) every byte must be equal. Under another generator the words
may differ for innocent reasons: numbers are compared, up to LAST_BITS of their size, and all else is left open.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from harness.machine.json_toml import parse_json

LAST_BITS = 1e-9  # relative: sums of the same numbers, rounded in another order
_SHOWN = 40  # characters of a line on each side
_NAME = 400  # characters of a place in a file: a stranger's table may have a name of megabytes for each of its cells
_WORD = re.compile(r"[\w.+-]*\Z")  # the number or word that a position is in

Cells = Iterator[tuple[str, str]]  # place in the file, value as text


def first_difference(name: str, stored: str, rebuilt: str) -> str:
    """Return where two contents of a file differ first, with both values; "" if they are equal."""
    if stored == rebuilt:
        return ""
    for place, old, new in _both(name, stored, rebuilt):
        if old != new:
            return _difference(place, old, new)
    return _first_line(stored, rebuilt)


def different_number(name: str, stored: str, rebuilt: str) -> str:
    """Return the first number of a table that both files have and that differs; "" if there is none.

    Only CSV and JSON are read; what one side lacks is skipped.
    """
    for place, old, new in _both(name, stored, rebuilt):
        if old is not None and new is not None and old != new and not _equal_numbers(old, new):
            return _difference(place, old, new)
    return ""


def _difference(place: str, *values: str | None) -> str:
    old, new = (_short("absent" if value is None else value) for value in values)
    return f"{place} is {old}, from the records {new}"


def is_table(name: str) -> bool:
    """Return whether numbers of a file are compared one by one."""
    return PurePosixPath(name).suffix in (".csv", ".json")


def _equal_numbers(old: str, new: str) -> bool:
    """Return whether two values are equal as far as a number goes; words are not compared."""
    try:
        return math.isclose(float(old), float(new), rel_tol=LAST_BITS, abs_tol=LAST_BITS)
    except ValueError:
        return not (_is_number(old) or _is_number(new))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _both(name: str, stored: str, rebuilt: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield place, stored value and rebuilt value, None where one has none, of both files as tables; the stored first.

    Nothing more comes where a file is not a table or cannot be read as one. What is stored is a stranger's, and not
    held: its cells may be many.
    """
    read = {".csv": _csv_cells, ".json": _json_cells}.get(PurePosixPath(name).suffix)
    if read is None:
        return
    try:
        expected, seen = dict(read(rebuilt)), set[str]()
        for place, value in read(stored):
            yield place, value, expected.get(place)
            if place in expected:
                seen.add(place)
        for place in (place for place in expected if place not in seen):
            yield place, None, expected[place]
    except (csv.Error, ValueError, RecursionError):
        return


def _csv_cells(text: str) -> Cells:
    """Yield "row NAME, COLUMN" → value; a row is named by its cells before the first measured number or the last."""
    rows = list(csv.reader(io.StringIO(text)))
    columns = [column[:_NAME] for column in rows[0]] if rows else []
    counts: dict[str, int] = {}
    for row in rows[1:]:
        measured = (i for i, value in enumerate(row) if _is_number(value) and not value.isdigit())
        name = "/".join(row[: next(measured, len(row) - 1)])[:_NAME]
        counts[name] = counts.get(name, 0) + 1
        repeated = f" ({counts[name]})" if counts[name] > 1 else ""
        for column, value in zip(columns, row, strict=False):
            yield f"row {name}{repeated}, {column}", value


def _json_cells(text: str) -> Cells:
    yield from _json_leaves(parse_json(text), "")


def _json_leaves(value: object, place: str) -> Cells:
    """Yield dotted place → value. A list's places hold its length, so that lists of other lengths are not compared."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _json_leaves(item, (f"{place}.{name}" if place else str(name))[-_NAME:])
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _json_leaves(item, f"{place}[{i} of {len(value)}]"[-_NAME:])
    else:
        yield place, value if isinstance(value, str) else json.dumps(value)


def _first_line(stored: str, rebuilt: str) -> str:
    old, new = stored.split("\n"), rebuilt.split("\n")
    shorter = min(len(old), len(new))
    i = next((i for i, (left, right) in enumerate(zip(old, new, strict=False)) if left != right), shorter)
    left, right = (lines[i] if i < len(lines) else "" for lines in (old, new))
    both = zip(left, right, strict=False)
    at = next((k for k, (a, b) in enumerate(both) if a != b), min(len(left), len(right)))
    word = _WORD.search(left[:at])
    start = word.start() if word else at
    return f"line {i + 1} has {_short(left[start:])}, from the records {_short(right[start:])}"


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")
