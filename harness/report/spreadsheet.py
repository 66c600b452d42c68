"""CSV in which no text is taken for a formula when a spreadsheet opens it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(value: Any) -> Any:
    """Return a value for a CSV field: text that starts like a formula, and is not a number, gets an apostrophe.

    >>> escape_formula("=1+1"), escape_formula("-0.5"), escape_formula(-0.5), escape_formula("base")
    ("'=1+1", '-0.5', -0.5, 'base')
    """
    if isinstance(value, str) and value.startswith(FORMULA):
        try:
            float(value)
        except ValueError:
            return f"'{value}"
    return value


def to_csv(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a table as CSV, numbers unrounded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([escape_formula(value) for value in row] for row in rows)
    return text.getvalue()
