"""Names in a figure and its caption: short, without control characters, isolated with <bdi> in HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_LENGTH = 40  # characters of a name
MAX_NAMES = 6  # names in one sentence
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # Unicode categories that print nothing or change the text direction
_JOINERS = "\u200c\u200d"  # allowed: Persian and Hindi are written with them


def label(text: str, max_length: int = MAX_LENGTH) -> str:
    """Return a name cut to `max_length` characters, with invisible and direction characters shown as �.

    >>> label("clpl"), label("infonce-random", 8), label("a\\u202eb")
    ('clpl', 'infonce…', 'a�b')
    """
    shortened = text if len(text) <= max_length else f"{text[: max_length - 1]}…"
    return "".join("�" if _is_invisible(character) else character for character in shortened)


def _is_invisible(character: str) -> bool:
    if ord(character) & 0xFFFE == 0xFFFE:  # a noncharacter, which XML does not allow
        return True
    return character not in _JOINERS and unicodedata.category(character) in _INVISIBLE


def shorten_middle(text: str, max_length: int) -> str:
    """Return a name shortened in the middle: entries of a sweep differ at the end of their names.

    >>> shorten_middle("clpl[clpl.penalty_weight=0.1]", 15)
    'clpl…eight=0.1]'
    """
    if len(text) <= max_length:
        return label(text)
    start = (max_length - 1) // 3
    return f"{label(text[:start])}…{label(text[start + 1 - max_length :])}"


def name_markup(text: str) -> Markup:
    """Return a name as HTML, shortened and isolated from the direction of the text around it."""
    from markupsafe import Markup

    return Markup("<bdi>{}</bdi>").format(label(text))


def name_list(names: Sequence[str], max_names: int = MAX_NAMES) -> Markup:
    """Return names as HTML; names beyond `max_names` are only counted.

    >>> str(name_list(["a", "b", "c"], 1)), str(name_list(["a", "b"]))
    ('<bdi>a</bdi> and 2 more', '<bdi>a</bdi> and <bdi>b</bdi>')
    """
    from markupsafe import Markup

    parts = list(map(name_markup, names[:max_names]))
    if len(names) > max_names:
        parts.append(Markup("{} more").format(len(names) - max_names))
    return Markup(" and ").join([Markup(", ").join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def text_width(text: str, size: float) -> float:
    """Return the approximate width of a text in a font of `size`, in the unit of `size`."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.68 if c.isupper() else 0.56 for c in text)
