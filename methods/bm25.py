"""BM25: the lexical anchor (Robertson & Zaragoza 2009, DOI 10.1561/1500000019; Lucene's variant, by bm25s).

Tokens are case-folded runs of letters, marks and digits; a run of Hangul becomes its overlapping syllable pairs, since
Korean particles are written onto the word (Lucene's CJKAnalyzer does the same). No stemming, no stop words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.types import Ranking

VERSION = 1


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


@dataclass(frozen=True)
class BM25:
    """`k1` 0.9 and `b` 0.4 are Anserini's, and so those of MIRACL's BM25 baseline."""

    k1: float = 0.9
    b: float = 0.4

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return up to `depth` passages a query that share a token with it."""
        import bm25s
        import numpy as np

        ids = sorted(passages)
        index = bm25s.BM25(method="lucene", k1=self.k1, b=self.b)
        index.index([tokens(passages[doc]) for doc in ids], show_progress=False)
        ranking = {}
        for query, text in queries.items():
            known = [token for token in tokens(text) if token in index.vocab_dict]
            scores = index.get_scores(known) if known else np.zeros(len(ids), dtype=np.float32)
            order = np.lexsort((-np.arange(len(ids)), -scores))[:depth]  # of equal scores, the larger id first
            ranking[query] = [(ids[row], float(scores[row])) for row in order if scores[row] > 0]
        return ranking


PLUGIN = BM25
