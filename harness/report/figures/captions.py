"""Limits that several figures share, and the sentences that state them below a figure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import quantity
from harness.report.figures.drawing_rules import MAX_ENTRIES
from harness.report.figures.palette import MAX_LANGUAGES

BEYOND_AXIS = " An arrow: beyond the axis, for it would squeeze the others."


def entry_limit_note(count: int, limit: int = MAX_ENTRIES, noun: str = "entry") -> str:
    """Return a sentence that says how many of `count` entries are drawn, "" if all are.

    >>> entry_limit_note(41), entry_limit_note(40)
    (' The first 40 of 41 entries are drawn.', '')
    """
    return f" The first {limit} of {quantity(count, noun)} are drawn." if count > limit else ""


def language_limit_note(languages: Sequence[str]) -> str:
    """Return a sentence that says how many languages are drawn, "" if all are."""
    count = len(languages)
    return f" The first {MAX_LANGUAGES} of {count} languages are drawn." if count > MAX_LANGUAGES else ""
