"""TF-IDF rankings (scikit-learn): character n-grams, or words reduced by SVD (latent semantic analysis).

    s(q, d) = cos(v_q, v_d),  v_t = (1 + ln f_t) · (1 + ln( (1 + N) / (1 + n_t) ))

They serve as experts without a download. A word is what spaces divide; within it, a run of a script without spaces
between words becomes overlapping character pairs. LSA: Deerwester et al. 1990.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from methods._spaceless import LETTER, RUN, in_one_width, pairs, pattern

if TYPE_CHECKING:
    from harness.types import Ranking

EQUATION = """\
s(q, d) = cos(v_q, v_d),  v_t = (1 + ln f_t) · (1 + ln( (1 + N) / (1 + n_t) ))
f_t      how often the text holds n-gram t of analyzer units; v_t = 0 where it does not
N, n_t   passages, and how many of them hold t
v        reduced to components dimensions by SVD where components > 0"""


SPACING = "\u0f0b\u0f0c\u1361"  # of Tibetan syllables and Ethiopic words


def words(text: str) -> list[str]:
    """Return what spaces, or the marks in their place, divide; runs of scripts without spaces, as pairs.

    >>> words("deep learning, 深度学习。")
    ['deep', 'learning,', '深度', '度学', '学习', '。']
    """
    found: list[str] = []
    for word in re.findall(rf"[^\s{SPACING}]+", in_one_width(text)):
        for run in pattern(rf"(?<spaceless>{RUN})|(?:(?!{LETTER}).)+").finditer(word):
            found += pairs(run[0]) if run["spaceless"] else [run[0]]
    return found


@dataclass(frozen=True)
class TfIdf:
    """Cosine of TF-IDF vectors over n-grams of `analyzer` units, reduced to `components` dimensions if > 0."""

    equation: ClassVar[str] = EQUATION
    analyzer: Literal["word", "char_wb"] = "word"
    shortest: int = 1
    longest: int = 1
    components: int = 0

    def __post_init__(self) -> None:
        if self.analyzer not in ("word", "char_wb"):
            raise ValueError(f"analyzer '{self.analyzer}' must be word or char_wb")

    def has_tokens(self, text: str) -> bool:
        """Return whether a text has any n-gram."""
        return len(words(text)) >= (self.shortest if self.analyzer == "word" else 1)

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return the `depth` passages with the largest cosine for each query."""
        import numpy as np
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import normalize

        ids = sorted(passages)
        vectorizer = TfidfVectorizer(
            analyzer=self.analyzer,
            ngram_range=(self.shortest, self.longest),
            sublinear_tf=True,
            tokenizer=words if self.analyzer == "word" else None,
            token_pattern=None,
        )
        texts = [passages[doc] for doc in ids]
        if not any(self.has_tokens(text) for text in texts):
            return {query: [(doc, 0.0) for doc in reversed(ids)][:depth] for query in queries}
        passage_vectors = vectorizer.fit_transform(texts)
        query_vectors = vectorizer.transform(list(queries.values()))
        components = min(
            self.components, min(passage_vectors.shape) - 1
        )  # one passage or one n-gram: nothing to reduce
        if components > 0:
            svd = TruncatedSVD(components, random_state=0)
            passage_vectors = normalize(svd.fit_transform(passage_vectors))
            query_vectors = normalize(svd.transform(query_vectors))
            similarities = passage_vectors @ query_vectors.T  # [N, Q]
        else:
            similarities = (passage_vectors @ query_vectors.T).toarray()
        ranking = {}
        for row, query in enumerate(queries):
            scores = similarities[:, row]
            order = np.lexsort((-np.arange(len(ids)), -scores))[:depth]
            ranking[query] = [(ids[i], float(scores[i])) for i in order]
        return ranking


PLUGIN = TfIdf
