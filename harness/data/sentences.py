r"""Where the sentences of a text begin, by one rule for Korean, Hindi, Persian and languages with the same marks.

A sentence ends at a line break, and after end marks (. ! ? … । ॥ ؟ ۔ 。 ！ ？) with the closing quotes, brackets and
reference marks such as [3] that follow them, where white space comes next. It does not end

- after a full stop behind one letter alone, with its vowel signs ("J.", "डॉ."); a syllable of Hangul is not a letter;
- after a full stop between two numbers ("1999. 12. 3.");
- where no letter would be left on one side: a list's "1." belongs to what follows it, a last "…" to what precedes it.

Unknown are abbreviations of several letters and a missing space after a mark: they leave sentences cut or joined.
"""

from __future__ import annotations

import re
import unicodedata

MARKS = ".!?…।॥؟۔。！？"
CLOSING = "\"'”’»›)]}】』」》〉"
_END = re.compile(rf"[{MARKS}]+[{re.escape(CLOSING)}]*(?:\[[^\[\]\s]{{1,8}}\])*(?=\s)\s*|\s*\n\s*")
_LAST_WORD = re.compile(r"[^\s(\[{“‘«\"']*\Z")


def sentence_starts(text: str) -> list[int]:
    """Return the offset at which each sentence of a text begins; the first is 0, also of an empty text.

    A sentence ends where the next one begins, so that every character is in one; white space belongs to the sentence
    before it.

    >>> text = "Tea is a plant. It was named on 1. 5. 1753. (By Linnaeus.) J. Ellis drew it!"
    >>> [text[i:j].strip() for i, j in zip(sentence_starts(text), [*sentence_starts(text)[1:], None])]
    ['Tea is a plant.', 'It was named on 1. 5. 1753.', '(By Linnaeus.)', 'J. Ellis drew it!']
    """
    starts = [0]
    last_letter = max((i for i, char in enumerate(text) if char.isalpha()), default=-1)
    for match in _END.finditer(text):
        end = match.end()
        if end <= last_letter and _ends(text, match) and any(map(str.isalpha, text[starts[-1] : end])):
            starts.append(end)
    return starts


def _ends(text: str, match: re.Match[str]) -> bool:
    """Return whether a sentence ends at a line break or an end mark that is followed by white space."""
    marks = match.group().rstrip()
    if "\n" in match.group() or marks != ".":
        return True
    found = _LAST_WORD.search(text, max(0, match.start() - 64), match.start())
    word = found.group() if found else ""
    if word[-1:].isdigit() and text[match.end() : match.end() + 1].isdigit():
        return False
    letters = [char for char in word if not unicodedata.category(char).startswith("M")]
    return not (len(letters) == 1 and letters[0].isalpha() and not unicodedata.name(letters[0]).startswith("HANGUL"))
