"""The rules of evidence: when a difference is called shown, and the constants behind that.

Every p of a family is corrected (harness.stats.multiple) before it is compared with ALPHA, and "shown" means p ≤ α, as
in the definitions of Holm's procedure and of the two one-sided tests. A NaN p or bound shows nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALPHA = 0.05  # the level of every test; the usual convention (Fisher 1925)
LEVEL = 0.95  # of every interval: 1 − ALPHA
MARGIN = 0.01  # units of the measure, one point: differences below it are taken as equal; the default of --margin
POWER = 0.8  # of a minimum detectable effect; the usual convention (Cohen 1988, chapter 2)
GATE_POWER = 0.9  # of the gate's detectable loss: five seeds misjudge the spread, so that .9 keeps .8, and .8 keeps .73


def is_shown(p: float) -> bool:
    """Return whether a test shows what it tests for; a sign-flip p speaks of the seeds that were run only."""
    return bool(p <= ALPHA)


def are_shown(p: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `is_shown` of each p of an array."""
    return p <= ALPHA


def excludes_zero(low: float, high: float) -> bool:
    """Return whether an interval lies on one side of 0."""
    return bool(low > 0 or high < 0)


def is_shown_with_interval(p: float, low: float, high: float) -> bool:
    """Return whether a test shows a difference and its interval, over queries and seeds, excludes 0.

    That is stricter than `is_shown`: the difference would hold for other seeds too.
    """
    return is_shown(p) and excludes_zero(low, high)


def is_equivalent(p: float) -> bool:
    """Return whether two one-sided tests (harness.stats.equivalence) show a difference to be within the margin."""
    return is_shown(p)


def lies_within(low: float, high: float, margin: float) -> bool:
    """Return whether an interval lies within ± margin."""
    return bool(-margin <= low and high <= margin)
