"""The forms of a leaderboard and their files."""

from __future__ import annotations

from enum import StrEnum

from harness.errors import unknown


class Format(StrEnum):
    """A form of the leaderboard, by the suffix of its file."""

    html = "html"
    md = "md"
    tex = "tex"
    csv = "csv"
    json = "json"


def name(form: Format) -> str:
    """Return the file of a form."""
    return f"leaderboard.{form}"


def chosen(words: list[str]) -> tuple[Format, ...]:
    """Return the forms that were asked for, in their order; raises RequestError for one that there is not."""
    known = [str(form) for form in Format]
    for word in words:
        if word not in known:
            raise unknown("format", word, known)
    return tuple(form for form in Format if form in words) or tuple(Format)
