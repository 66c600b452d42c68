"""The texts of one language, cut to the length that a page shows."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from harness.data.raw_data import Passage

if TYPE_CHECKING:
    from harness.evidence.texts import LanguageTexts

CUT = 600  # characters of a text


class CutTexts:
    """Cut queries and passages of one language, none without `texts`; each passage is read once."""

    def __init__(self, texts: LanguageTexts | None) -> None:
        self._data = texts.data if texts else None
        self._titled = texts.titled if texts else None
        self._passages: dict[str, Passage] = {}

    @property
    def shown(self) -> bool:
        """Whether there are texts."""
        return self._data is not None

    def query(self, query: str) -> str:
        return cut(self._data.queries.get(query, "")) if self._data else ""

    def passages(self, docs: Collection[str]) -> dict[str, Passage]:
        """Return id → title and text; without a title, or where titles are not at hand, the text is all that there is.

        Passages are read in the order of their ids, the fastest for a corpus on disk.
        """
        if self._data is None:
            return {}
        joined = {doc: self._data.passages.get(doc, "") for doc in sorted(set(docs) - self._passages.keys())}
        titled = self._titled.read(joined) if self._titled else {}
        for doc, text in joined.items():
            passage = titled.get(doc, Passage("", text))
            self._passages[doc] = Passage(cut(passage.title), cut(passage.text))
        return {doc: self._passages[doc] for doc in docs}


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
