"""BM25: the lexical baseline (Robertson & Zaragoza 2009, DOI 10.1561/1500000019; Lucene's variant, by bm25s).

    s(q, d) = Σ_{t ∈ q} ln( 1 + (N - n_t + ½) / (n_t + ½) ) · f_td / ( f_td + k1 (1 - b + b |d| / avg|d|) )

Tokens are case-folded runs of letters, marks and digits. A run of Hangul becomes its overlapping syllable pairs, as
Korean particles are attached to the word (Lucene's CJKAnalyzer does the same). No stemming, no stop words.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from harness.types import Ranking

EQUATION = """\
s(q, d) = Σ_{t ∈ q} ln( 1 + (N - n_t + ½) / (n_t + ½) ) · f_td / ( f_td + k1 (1 - b + b |d| / avg|d|) )
t          tokens of the query
N, n_t     passages, and how many of them hold t
f_td, |d|  how often passage d holds t, and its length in tokens
k1, b      0.9 and 0.4 unless set"""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in Korean, Hindi, Persian or any script with spaces between words.

    >>> tokens("한국어 BM25")
    ['한국', '국어', 'bm25']
    """
    import regex

    words: list[str] = []
    for run in regex.findall(r"\p{Hangul}+|[\p{L}\p{M}\p{N}\u200c--\p{Hangul}]+", text.casefold(), flags=regex.V1):
        if regex.match(r"\p{Hangul}{2,}", run):
            words += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            words.append(run)
    return words


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
    analyzer: ClassVar[str] = "case-folded words, Hangul as overlapping syllable pairs; no stemming, no stop words"
    k1: float = 0.9
    b: float = 0.4

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return up to `depth` passages per query that share a token with it; among equal scores, larger ids first."""
        import bm25s
        import numpy as np

        query_tokens = {query: tokens(text) for query, text in queries.items()}
        documents = _Documents(passages, {word for words in query_tokens.values() for word in words})
        ids = documents.names
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
