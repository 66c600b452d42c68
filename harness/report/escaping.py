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
    return re.sub(r"^(\d{1,9})([.)]) |^([-+=]) ", _escape_block, _inline(plain.clean_line(value)))


def _inline(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|~&$#])", r"\\\1", text)


def message(value: Any) -> str:
    """Return a message as `markdown` does, with its commands in backticks as code.

    >>> message("a_b: see `harness data pin a_b`")
    'a\\\\_b: see `harness data pin a_b`'
    """
    parts = plain.clean_line(value).split("`")
    if len(parts) % 2 == 0:
        return markdown(value)
    return "`".join(part if i % 2 else _inline(part) for i, part in enumerate(parts))


def _escape_block(match: re.Match[str]) -> str:
    """Return the start of a line that would begin a list or a rule, escaped."""
    number, mark, sign = match.groups()
    return f"{number}\\{mark} " if number else f"\\{sign} "


def code(text: str) -> Raw:
    """Return a text as one line of an indented code block of Markdown."""
    return Raw(plain.clean_line(text))


ESCAPES: Mapping[str, Callable[[Any], str]] = {"md": markdown, "tex": tex.escape}
