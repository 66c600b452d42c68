"""Holm's correction (1979) within a declared family of tests: the chance of any false rejection stays below α.

Written out because a report corrects dozens of families and importing statsmodels takes seconds; tests compare the two.
"""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats


def holm(p: Floats) -> Floats:
    """Return the adjusted p-values of a family, along the last axis; reject where it is at most α.

    With p sorted, p(1) ≤ … ≤ p(m): adjusted p(i) = min(1, max over j ≤ i of (m − j + 1) p(j)). Equal to statsmodels'
    `multipletests(method="holm")`, for many families at once. Raises ValueError for a NaN or a p outside [0, 1].
    """
    p = np.asarray(p, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a p-value must lie in [0, 1]")
    order = np.argsort(p, axis=-1, kind="stable")
    steps = np.arange(p.shape[-1], 0, -1)
    raised = np.maximum.accumulate(np.take_along_axis(p, order, axis=-1) * steps, axis=-1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.minimum(raised, 1.0), axis=-1)
    return adjusted


def holm_by_column(p: Floats) -> Floats:
    """Return Holm's p of each column, a family, among those that are known; NaN for the others.  [tests, columns]"""
    adjusted = np.full_like(p, np.nan)
    for i, known in enumerate(~np.isnan(p.T)):
        adjusted[known, i] = holm(p[known, i])
    return adjusted
