"""The minimum detectable effect: the smallest true difference that a comparison as noisy as this one would find.

A true difference of δ gives t = difference / error the noncentral t distribution with noncentrality δ / error and the
error's degrees of freedom (Cohen 1988, chapter 2). The minimum detectable effect is the δ for which the test rejects
with the given probability. The error is the measured one: over queries, √(var_q(d) / n), or over queries and seeds
(harness.stats.intervals.difference), where a noisy training raises it.
"""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats
from harness.stats.intervals import Estimate, student
from harness.stats.rules import ALPHA, POWER

_HALVINGS = 60  # of an interval below 64 units of the error: to its last bit
_LARGE = 1e6  # degrees of freedom above which t is taken as normal


def minimum_detectable(
    estimate: Estimate, alpha: float | Floats = ALPHA, power: float = POWER, *, two_sided: bool = True
) -> Floats:
    """Return the δ ≥ 0 that a t test at `alpha` finds with probability `power`, in units of the measure.  [columns]

    `alpha` is one level, or one per column.

    Raises ValueError unless 0 < alpha < power < 1.
    """
    if not (np.all(np.greater(alpha, 0)) and np.all(np.less(alpha, power)) and power < 1):
        raise ValueError(f"needs 0 < alpha < power < 1, got alpha {alpha} and power {power}")
    freedom = np.minimum(np.atleast_1d(estimate.freedom), _LARGE)
    tail = alpha / 2 if two_sided else alpha
    critical = np.broadcast_to(student(1 - tail, freedom), estimate.error.shape).copy()
    np.divide(estimate.half_width(tail), estimate.error, out=critical, where=estimate.error > 0)
    low, high = np.zeros_like(freedom), 2 * critical + 64.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = _power(middle, critical, freedom, two_sided) >= power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(high * estimate.error)


def _power(noncentrality: Floats, critical: Floats, freedom: Floats, two_sided: bool) -> Floats:
    """Return the probability that |t| (or t) exceeds the critical value under the noncentral t distribution."""
    from scipy import stats

    probability = stats.nct.sf(critical, freedom, noncentrality)
    if two_sided:  # SciPy returns NaN for a tail too thin to compute
        probability = probability + np.nan_to_num(stats.nct.cdf(-critical, freedom, noncentrality))
    return np.asarray(probability)
