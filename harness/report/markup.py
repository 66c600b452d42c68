"""Long lists as HTML without a template's loop, for pages of hundreds of them: the texts are escaped all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

_BETWEEN = "\0"


def definitions(facts: Iterable[tuple[str, str]]) -> Markup:
    """Return names and values as the inside of a <dl>.

    >>> str(definitions([("loss", "<1")]))
    '<dt><bdi>loss</bdi></dt><dd><bdi>&lt;1</bdi></dd>'
    """
    from markupsafe import Markup

    texts = iter(escaped(list(chain.from_iterable(facts))))
    rows = zip(texts, texts, strict=True)
    return Markup("".join(f"<dt><bdi>{name}</bdi></dt><dd><bdi>{value}</bdi></dd>" for name, value in rows))


def rows(table: Sequence[Sequence[str]]) -> Markup:
    """Return the rows of a table, all of one length, as the inside of a <tbody>.

    >>> str(rows([("a", "b")]))
    '<tr><td>a</td><td>b</td></tr>'
    """
    from markupsafe import Markup

    if not table:
        return Markup()
    texts = iter(escaped(list(chain.from_iterable(table))))
    parts = zip(*[texts] * len(table[0]), strict=True)
    return Markup("".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in parts))


def escaped(texts: Sequence[str]) -> list[str]:
    """Return texts escaped for HTML.

    >>> escaped(["a&b", "c\\0d"])
    ['a&amp;b', 'c\\x00d']
    """
    from markupsafe import escape

    found = str(escape(_BETWEEN.join(texts))).split(_BETWEEN) if texts else []
    return found if len(found) == len(texts) else [str(escape(text)) for text in texts]
