"""Average precision over labelled pairs: the area under the precision-recall curve, AUPRC."""

from __future__ import annotations

from collections.abc import Sequence


def average_precision(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """Return Σ_n (R_n - R_{n-1}) P_n over the distinct scores, from the highest down.

    P_n and R_n are precision and recall of the pairs that score at least the n-th score: tied pairs count together. A
    score without information has the share of relevant pairs in expectation. It is scikit-learn's
    `average_precision_score`, which does not interpolate. At least one label must be true.
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, scores))
