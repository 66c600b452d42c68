"""Long lists as HTML, escaped in one call: on pages with hundreds of lists much faster than a loop in a template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_SEPARATOR = "\0"


def definitions(facts: Iterable[tuple[str, str]]) -> Markup:
    """Return names and values as the content of a <dl>.

    >>> str(definitions([("loss", "<1")]))
    '<dt><bdi>loss</bdi></dt><dd><bdi>&lt;1</bdi></dd>'
    """
    from markupsafe import Markup

    texts = iter(escape_all(list(chain.from_iterable(facts))))
    pairs = zip(texts, texts, strict=True)
    return Markup("".join(f"<dt><bdi>{name}</bdi></dt><dd><bdi>{value}</bdi></dd>" for name, value in pairs))


def rows(table: Sequence[Sequence[str]]) -> Markup:
    """Return the rows of a table, all of the same length, as the content of a <tbody>.

    >>> str(rows([("a", "b")]))
    '<tr><td>a</td><td>b</td></tr>'
    """
    from markupsafe import Markup

    if not table:
        return Markup()
    texts = iter(escape_all(list(chain.from_iterable(table))))
    escaped_rows = zip(*[texts] * len(table[0]), strict=True)
    return Markup("".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in escaped_rows))


def escape_all(texts: Sequence[str]) -> list[str]:
    """Return texts escaped for HTML.

    >>> escape_all(["a&b", "c\\0d"])
    ['a&amp;b', 'c\\x00d']
    """
    from markupsafe import escape

    escaped = str(escape(_SEPARATOR.join(texts))).split(_SEPARATOR) if texts else []
    return escaped if len(escaped) == len(texts) else [str(escape(text)) for text in texts]  # a text has a separator
