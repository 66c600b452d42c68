"""TF-IDF rankings (scikit-learn): character n-grams, or words reduced by SVD (latent semantic analysis).

    s(q, d) = cos(v_q, v_d),  v_t = (1 + ln f_t) · (1 + ln( (1 + N) / (1 + n_t) ))

They serve as experts without a download. LSA: Deerwester et al. 1990.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from harness.types import Ranking

EQUATION = """\
s(q, d) = cos(v_q, v_d),  v_t = (1 + ln f_t) · (1 + ln( (1 + N) / (1 + n_t) ))
f_t      how often the text holds n-gram t of analyzer units; v_t = 0 where it does not
N, n_t   passages, and how many of them hold t
v        reduced to components dimensions by SVD where components > 0"""


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
            token_pattern=r"\S+" if self.analyzer == "word" else None,
        )
        passage_vectors = vectorizer.fit_transform([passages[doc] for doc in ids])
        query_vectors = vectorizer.transform(list(queries.values()))
        if self.components:
            svd = TruncatedSVD(min(self.components, min(passage_vectors.shape) - 1), random_state=0)
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
