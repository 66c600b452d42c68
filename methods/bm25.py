"""BM25: the lexical anchor (Robertson & Zaragoza 2009, DOI 10.1561/1500000019; Lucene's variant, by bm25s).

    s(q, d) = Σ_{t ∈ q} ln( 1 + (N - n_t + ½) / (n_t + ½) ) · f_td / ( f_td + k1 (1 - b + b |d| / avg|d|) )

Tokens are case-folded runs of letters, marks and digits; a run of Hangul becomes its overlapping syllable pairs, since
Korean particles are written onto the word (Lucene's CJKAnalyzer does the same). No stemming, no stop words.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from harness.types import Ranking

VERSION = 1
EQUATION = """\
s(q, d) = Σ_{t ∈ q} ln( 1 + (N - n_t + ½) / (n_t + ½) ) · f_td / ( f_td + k1 (1 - b + b |d| / avg|d|) )
t          tokens of the query
N, n_t     passages, and how many of them hold t
f_td, |d|  how often passage d holds t, and its length in tokens
k1, b      0.9 and 0.4 unless set"""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in Korean, Hindi, Persian or any script that parts words by spaces.

    >>> tokens("한국어 BM25")
    ['한국', '국어', 'bm25']
    """
    import regex

    found: list[str] = []
    for run in regex.findall(r"\p{Hangul}+|[\p{L}\p{M}\p{N}\u200c--\p{Hangul}]+", text.casefold(), flags=regex.V1):
        if regex.match(r"\p{Hangul}{2,}", run):
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
    return found


class _Documents:
    """The corpus as bm25s reads it, without the tokens that no query asks for.

    `ids` yields the token ids of one passage after the other: its tokens that occur in a query, then as many of one
    placeholder as make up its length. Memory grows with the queries' words, not with the corpus'.
    """

    def __init__(self, passages: Mapping[str, str], asked: Iterable[str]) -> None:
        self.vocab = {token: i for i, token in enumerate(sorted(asked))}
        self.vocab[""] = len(self.vocab)  # the placeholder; bm25s' name of an empty token
        self.names: list[str] = []
        self._kept, self._ends, self._lengths = array("i"), array("q"), array("i")
        for doc, text in passages.items():
            found = tokens(text)
            self.names.append(doc)
            self._kept.extend(self.vocab[token] for token in found if token in self.vocab)
            self._ends.append(len(self._kept))
            self._lengths.append(len(found))

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
    """`k1` 0.9 and `b` 0.4 are Anserini's, and so those of MIRACL's BM25 baseline."""

    equation: ClassVar[str] = EQUATION
    k1: float = 0.9
    b: float = 0.4

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return up to `depth` passages a query that share a token with it; of equal scores, the larger id first."""
        import bm25s
        import numpy as np

        asked = {query: tokens(text) for query, text in queries.items()}
        documents = _Documents(passages, {token for found in asked.values() for token in found})
        ids = documents.names
        places = np.empty(len(ids), dtype=np.int64)
        places[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
        index = bm25s.BM25(method="lucene", k1=self.k1, b=self.b)
        index.index(documents, show_progress=False)
        ranking = {}
        for query, found in asked.items():
            scores = index.get_scores(found) if found else np.zeros(len(ids), dtype=np.float32)
            positive = np.flatnonzero(scores > 0)
            order = positive[np.lexsort((-places[positive], -scores[positive]))[:depth]]
            ranking[query] = [(ids[row], float(scores[row])) for row in order]
        return ranking


PLUGIN = BM25
