"""Entries of a BibTeX file: no character of a value acts as markup, letters outside of ASCII stay UTF-8."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from harness.results.plain import clean_line

_ESCAPES = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_"},
    "{": r"\textbraceleft{}",  # not \{: BibTeX counts every brace
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def escape(text: str) -> str:
    r"""Return a text as the value of a field.

    >>> print(escape("50 % of {a_b}"))
    50 \% of \textbraceleft{}a\_b\textbraceright{}
    """
    return "".join(_ESCAPES.get(character, character) for character in clean_line(text))


def whole(text: str) -> str:
    """Return a text as a value that no style changes: one name, or a title with its capitals."""
    return f"{{{escape(text)}}}"


def address(url: str) -> str:
    """Return a URL as the value of a field, read by \\url."""
    return quote(url, safe=":/?#@!$&'()*+,;=%-._~")


def entry(key: str, fields: Iterable[tuple[str, str]]) -> str:
    """Return one entry; the values of `fields` are those of the functions above."""
    return f"@misc{{{key},\n" + "".join(f"  {name} = {{{value}}},\n" for name, value in fields) + "}\n"
