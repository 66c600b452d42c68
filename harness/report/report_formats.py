"""The formats of the leaderboard and their file names."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from harness.errors import unknown


class Format(StrEnum):
    """A format of the leaderboard, by the suffix of its file."""

    html = "html"
    md = "md"
    tex = "tex"
    csv = "csv"
    json = "json"


def file_name(form: Format) -> str:
    """Return the file name of a format."""
    return f"leaderboard.{form}"


def parse_formats(names: Sequence[str]) -> tuple[Format, ...]:
    """Return the named formats in the order of `Format`, all for no name; raises RequestError for an unknown name."""
    known = [str(form) for form in Format]
    for name in names:
        if name not in known:
            raise unknown("format", name, known)
    return tuple(form for form in Format if form in names) or tuple(Format)
