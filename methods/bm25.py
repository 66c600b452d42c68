"""BM25: the lexical baseline (Robertson & Zaragoza 2009, DOI 10.1561/1500000019; Lucene's variant, by bm25s).

    s(q, d) = Σ_{t ∈ q} ln( 1 + (N - n_t + ½) / (n_t + ½) ) · f_td / ( f_td + k1 (1 - b + b |d| / avg|d|) )

Tokens are case-folded runs of letters, marks and digits. A run of Hangul becomes its overlapping syllable pairs, as
Korean particles are attached to the word, and so does a run of a script without spaces between words, as in Lucene's
CJKAnalyzer. No stemming, no stop words.

Departures from CJKAnalyzer: Thai, Lao, Khmer, Myanmar, Javanese and Balinese become pairs, too; a pair never spans
Hangul and another script; punctuation ends a word (1,024 is two); there are no stop words.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods._spaceless import LETTER, RUN, in_one_width, pairs, pattern

if TYPE_CHECKING:
    from harness.types import Ranking

EQUATION = """\
s(q, d) = Σ_{t ∈ q} ln( 1 + (N - n_t + ½) / (n_t + ½) ) · f_td / ( f_td + k1 (1 - b + b |d| / avg|d|) )
t          tokens of the query
N, n_t     passages, and how many of them hold t
f_td, |d|  how often passage d holds t, and its length in tokens
k1, b      0.9 and 0.4 unless set"""


TOKEN = (
    rf"(?<hangul>\p{{Hangul}}+)|(?<spaceless>{RUN})"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}\u200c]--\p{{Hangul}}--{LETTER}]+"
)
"""A run of Hangul, of a script without spaces between words, or of any other letters, marks and digits."""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in any language.

    >>> tokens("한국어 BM25"), tokens("東京タワー333m"), tokens("กาแฟ 2 แก้ว")
    (['한국', '국어', 'bm25'], ['東京', '京タ', 'タワ', 'ワー', '333m'], ['กา', 'าแ', 'แฟ', '2', 'แก้', 'ก้ว'])
    """
    words: list[str] = []
    for run in pattern(TOKEN).finditer(_folded(text)):
        if run["spaceless"]:
            words += pairs(run["spaceless"])
        elif run["hangul"]:
            syllables = _composed(run["hangul"])
            words += [syllables[i : i + 2] for i in range(len(syllables) - 1)] or [syllables]
        else:
            words.append(_composed(run[0]))
    return words


def _folded(text: str) -> str:
    """Return a text in one width and without case; the Turkish İ becomes i, as in Lucene's LowerCaseFilter."""
    undotted: str = pattern("İ|I\u0307").sub("i", in_one_width(text))
    return undotted.casefold()


def _composed(word: str) -> str:
    """Return a word in NFC, so that both spellings of é are one.

    Words in Arabic and Devanagari are left as spelled: composing them would change committed results.
    """
    if unicodedata.is_normalized("NFC", word) or pattern(r"[\p{Script=Arabic}\p{Script=Devanagari}]").search(word):
        return word
    return unicodedata.normalize("NFC", word)


class _Documents:
    """The corpus in the form that bm25s reads, without tokens that occur in no query.

    `ids` yields the token ids of each passage: first its tokens that occur in a query, then as many placeholders as its
    length needs. Memory grows with the words of the queries and not with those of the corpus.
    """

    def __init__(self, passages: Mapping[str, str], vocabulary: Iterable[str]) -> None:
        self.vocab = {token: i for i, token in enumerate(sorted(vocabulary))}
        self.vocab[""] = len(self.vocab)  # the placeholder: an empty token in bm25s
        self.names: list[str] = []
        self._kept, self._ends, self._lengths = array("i"), array("q"), array("i")
        for doc, text in passages.items():
            words = tokens(text)
            self.names.append(doc)
            self._kept.extend(self.vocab[word] for word in words if word in self.vocab)
            self._ends.append(len(self._kept))
            self._lengths.append(len(words))

    @property
    def have_tokens(self) -> bool:
        return any(self._lengths)

    @property
    def ids(self) -> _Documents:
        return self

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[list[int]]:
        placeholder, start = self.vocab[""], 0
        for end, length in zip(self._ends, self._lengths, strict=True):
            kept = self._kept[start:end].tolist()
            yield kept + [placeholder] * (length - len(kept))
            start = end


@dataclass(frozen=True)
class BM25:
    """`k1` 0.9 and `b` 0.4 are Anserini's defaults, which MIRACL's BM25 baseline uses."""

    equation: ClassVar[str] = EQUATION
    analyzer: ClassVar[str] = (
        "case-folded words, Hangul and scripts without spaces as overlapping pairs; no stemming, no stop words"
    )
    k1: float = 0.9
    b: float = 0.4

    def has_tokens(self, text: str) -> bool:
        """Return whether a text has any token."""
        return pattern(TOKEN).search(text) is not None

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return up to `depth` passages per query that share a token with it; among equal scores, larger ids first."""
        import bm25s
        import numpy as np

        query_tokens = {query: tokens(text) for query, text in queries.items()}
        documents = _Documents(passages, {word for words in query_tokens.values() for word in words})
        ids = documents.names
        if not documents.have_tokens:
            return {query: [] for query in queries}  # the average length would be 0
        id_order = np.empty(len(ids), dtype=np.int64)
        id_order[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
        index = bm25s.BM25(method="lucene", k1=self.k1, b=self.b)
        index.index(documents, show_progress=False)
        ranking = {}
        for query, words in query_tokens.items():
            scores = index.get_scores(words) if words else np.zeros(len(ids), dtype=np.float32)
            positive = np.flatnonzero(scores > 0)
            order = positive[np.lexsort((-id_order[positive], -scores[positive]))[:depth]]
            ranking[query] = [(ids[row], float(scores[row])) for row in order]
        return ranking


PLUGIN = BM25
