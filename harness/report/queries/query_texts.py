"""The texts of one language, cut to the length that a page shows."""

from __future__ import annotations

from collections.abc import Iterable

from harness.types import Data

CUT = 600  # characters of a text


class CutTexts:
    """Cut queries and passages of one language, none without `data`; each passage is read once."""

    def __init__(self, data: Data | None) -> None:
        self._data = data
        self._passages: dict[str, str] = {}

    @property
    def shown(self) -> bool:
        """Whether there are texts."""
        return self._data is not None

    def query(self, query: str) -> str:
        return cut(self._data.queries.get(query, "")) if self._data else ""

    def passages(self, docs: Iterable[str]) -> dict[str, str]:
        """Return id → text; passages are read in the order of their ids, the fastest for a corpus on disk."""
        if self._data is None:
            return {}
        for doc in sorted(set(docs) - self._passages.keys()):
            self._passages[doc] = cut(self._data.passages.get(doc, ""))
        return self._passages


def cut(text: str, length: int = CUT) -> str:
    """Return a text of at most `length` characters unchanged, a longer one up to its last whole word, followed by …

    A text whose last whole word ends in the first half is cut within the next word.

    >>> cut("one two three", 9), cut("one two", 9), cut("onetwothree", 9)
    ('one two …', 'one two', 'onetwothr…')
    """
    if len(text) <= length:
        return text
    head = text[:length]
    words = head if text[length].isspace() else head.rpartition(" ")[0]
    return f"{words.rstrip()} …" if len(words) > length // 2 else f"{head}…"
