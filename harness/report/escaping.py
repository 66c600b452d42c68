"""Data escaped for Markdown and LaTeX; of HTML, Jinja's autoescape does the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.report.documents import tex
from harness.results import plain


class Raw(str):
    """Markdown or LaTeX that is inserted without escaping."""

    __slots__ = ()


def markdown(value: Any) -> str:
    """Return data as one line of Markdown without markup and without characters that change the text direction.

    >>> markdown("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    escaped = re.sub(r"([\\`*_\[\]<>|~&$#])", r"\\\1", plain.clean_line(value))
    return re.sub(r"^(\d{1,9})([.)]) |^([-+=]) ", _escape_block, escaped)


def _escape_block(match: re.Match[str]) -> str:
    """Return the start of a line that would begin a list or a rule, escaped."""
    number, mark, sign = match.groups()
    return f"{number}\\{mark} " if number else f"\\{sign} "


def code(text: str) -> Raw:
    """Return a text as one line of an indented code block of Markdown."""
    return Raw(plain.clean_line(text))


ESCAPES: Mapping[str, Callable[[Any], str]] = {"md": markdown, "tex": tex.escape}
