"""Streams of passages: read from files, selected, and checked at their end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.raw_data import Passage
from harness.data.row_streams import rows
from harness.errors import DataError

Pair = tuple[str, Passage]
"""Passage id and passage."""

METADATA = "metadata"  # of a row in BEIR's layout; not read


def read_passages(paths: Iterable[Path], columns: tuple[str, str, str]) -> Iterator[Pair]:
    """Yield the passages of files in file order; `columns` name id, title (which may be missing) and text.

    A text may be empty: in published corpora a passage can be a title alone.
    """
    id_column, _, text_column = columns
    for path in paths:
        for where, row in rows(path, id_column, text_column):
            doc = validation.identifier(row.get(id_column), where, id_column)
            yield doc, passage_of(row, f"{where}, document '{doc}'", columns)


def passage_of(row: Mapping[str, Any], where: str, columns: tuple[str, str, str]) -> Passage:
    """Return the passage of a row; `columns` are those of `read_passages`.

    Beside a title, the text may be missing as if it were empty, unless another key may hold it.
    """
    _, title_column, text_column = columns
    title = validation.string(row.get(title_column) or "", where, title_column)
    text = row.get(text_column)
    if text is not None:
        return Passage(title, validation.string(text, where, text_column))
    others = [name for name, value in row.items() if name not in (*columns, METADATA) and _may_be_text(value)]
    if title.strip() and not others:
        return Passage(title, "")
    remedy = f"name that key {text_column}, or add" if others else "add"
    found = f"; the row has {', '.join(others)}" if others else ", and so is a title"
    raise DataError(f'{where}: {text_column} is missing{found}; {remedy} "{text_column}": "" for a title alone')


def _may_be_text(value: object) -> bool:
    return isinstance(value, str | list | dict) and bool(value)


def select(passages: Iterable[Pair], ids: Collection[str]) -> Iterator[Pair]:
    """Yield the passages with these ids; reads to the end, where a check may raise."""
    return ((doc, passage) for doc, passage in passages if doc in ids)


def check_number(passages: Iterable[Pair], expected: int, where: str, manifest: str) -> Iterator[Pair]:
    """Yield the passages; raises DataError at their end if there were not as many as expected."""
    number = 0
    for pair in passages:
        number += 1
        yield pair
    validation.check_counts({"passages": number}, {"passages": expected}, where, manifest)
