"""Scripts without spaces between words: their letters, in overlapping pairs as Lucene's CJKBigramFilter makes them.

The letters are those that UAX #29 keeps out of its words (not ALetter), as only a dictionary divides them: Han and
other ideographs, Hiragana, Katakana, and Line_Break=SA (Thai, Lao, Khmer, Myanmar, Tai Le, New Tai Lue, Tai Tham, Tai
Viet, Ahom). Javanese and Balinese are added, which UAX #14 breaks after any syllable, and iteration marks (人々).
Tibetan is not: a mark divides its syllables, which are the words here.

A character is a letter with the marks after it, so that a Thai or Khmer vowel sign makes no pair of its own.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_SCRIPTS = (
    r"\p{Script=Han}\p{Ideographic}\p{Script=Hiragana}\p{Word_Break=Katakana}"
    r"\p{Line_Break=SA}\p{Script=Javanese}\p{Script=Balinese}"
)
LETTER = rf"[[{_SCRIPTS}]&&[\p{{L}}\p{{Nl}}]]"
RUN = rf"(?:{LETTER}[\p{{M}}\p{{Cf}}]*)+"
"""A run of such characters, for `regex` with VERSION1; word joiners and zero-width spaces do not end it."""


@cache
def pattern(text: str) -> regex.Pattern[str]:
    """Return a compiled pattern; sets in it have the operators of VERSION1."""
    import regex

    return regex.compile(text, flags=regex.V1)


def pairs(run: str) -> list[str]:
    """Return the overlapping pairs of a run of characters; one character alone is a token.

    Characters that only lay out (zero-width spaces and joiners, variation selectors) are left out.

    >>> pairs("我是中国人"), pairs("茶"), pairs("ภาษาไทย")
    (['我是', '是中', '中国', '国人'], ['茶'], ['ภา', 'าษ', 'ษา', 'าไ', 'ไท', 'ทย'])
    """
    visible = pattern(r"[\p{Cf}\p{Variation_Selector}]").sub("", run)
    characters = pattern(r".\p{M}*").findall(unicodedata.normalize("NFC", visible))
    return [left + right for left, right in pairwise(characters)] or characters


def in_one_width(text: str) -> str:
    """Return a text with full-width letters and digits as ASCII and half-width Katakana as Katakana (CJKWidthFilter).

    >>> in_one_width("ＢＭ２５ ｶﾞｽ")
    'BM25 ガス'
    """
    wide = pattern(r"[[\uff01-\uff9f]&&[\p{L}\p{M}\p{N}]]+")
    narrow: str = wide.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return narrow
