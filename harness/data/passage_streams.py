"""Streams of passages: read from files, selected, and checked at their end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from harness.data import validation
from harness.data.raw_data import Passage
from harness.data.row_streams import rows

Pair = tuple[str, Passage]
"""Passage id and passage."""


def read_passages(paths: Iterable[Path], columns: tuple[str, str, str]) -> Iterator[Pair]:
    """Yield the passages of files in file order; `columns` name id, title (which may be missing) and text.

    A text may be empty: in published corpora a passage can be a title alone.
    """
    id_column, title_column, text_column = columns
    for path in paths:
        for where, row in rows(path):
            doc = validation.identifier(row.get(id_column), where)
            title = validation.string(row.get(title_column) or "", f"{where}, document '{doc}'", title_column)
            text = validation.string(row.get(text_column), f"{where}, document '{doc}'", text_column)
            yield doc, Passage(title, text)


def select(passages: Iterable[Pair], ids: Collection[str]) -> Iterator[Pair]:
    """Yield the passages with these ids; reads to the end, where a check may raise."""
    return ((doc, passage) for doc, passage in passages if doc in ids)


def check_number(passages: Iterable[Pair], expected: int, where: str) -> Iterator[Pair]:
    """Yield the passages; raises DataError at their end if there were not as many as expected."""
    number = 0
    for pair in passages:
        number += 1
        yield pair
    validation.check_counts({"passages": number}, {"passages": expected}, where)
