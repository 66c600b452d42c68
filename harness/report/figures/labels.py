"""Names as a picture and its caption show them: short, without control characters, isolated where they are in HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

LONGEST = 40  # characters of a name
LISTED = 6  # names in a sentence
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of characters that print nothing or turn the text
_JOINERS = "\u200c\u200d"  # of these, what Persian and Hindi are written with


def label(text: str, longest: int = LONGEST) -> str:
    """Return a name shortened to `longest` characters, those that print nothing or turn the text shown as �.

    >>> label("clpl"), label("infonce-random", 8), label("a\\u202eb")
    ('clpl', 'infonce…', 'a�b')
    """
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join("�" if _unseen(character) else character for character in shown)


def _unseen(character: str) -> bool:
    if ord(character) & 0xFFFE == 0xFFFE:  # no characters, and not allowed in XML
        return True
    return character not in _JOINERS and unicodedata.category(character) in _UNSEEN


def squeezed(text: str, longest: int) -> str:
    """Return a name shortened in its middle: names of a sweep differ at their ends.

    >>> squeezed("clpl[clpl.penalty_weight=0.1]", 15)
    'clpl[…eight=0.1]'
    """
    if len(text) <= longest:
        return label(text)
    start = (longest - 1) // 3
    return f"{label(text[:start])}…{label(text[start + 1 - longest :])}"


def named(text: str) -> Markup:
    """Return a name for HTML, shortened and isolated from the text around it."""
    from markupsafe import Markup

    return Markup("<bdi>{}</bdi>").format(label(text))


def listed(names: Sequence[str], most: int = LISTED) -> Markup:
    """Return names for HTML, those beyond `most` as their number.

    >>> str(listed(["a", "b", "c"], 1)), str(listed(["a", "b"]))
    ('<bdi>a</bdi> and 2 more', '<bdi>a</bdi> and <bdi>b</bdi>')
    """
    from markupsafe import Markup

    parts = list(map(named, names[:most]))
    if len(names) > most:
        parts.append(Markup("{} more").format(len(names) - most))
    return Markup(" and ").join([Markup(", ").join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "entry"), counted(2, "entry"), counted(3, "step")
    ('1 entry', '2 entries', '3 steps')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def reach(text: str, size: float) -> float:
    """Return about how wide a text is in a page's font of `size`, in the unit of the size."""
    return size * sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.68 if c.isupper() else 0.56 for c in text)
