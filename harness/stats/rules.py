"""The rules of evidence: when a difference is called shown, and the constants behind that.

Every p of a family is corrected (harness.stats.multiple) before it is compared with ALPHA, and "shown" means p ≤ α, as
in the definitions of Holm's procedure and of the two one-sided tests. A NaN p or bound shows nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALPHA = 0.05  # the level of every test; the usual convention (Fisher 1925)
LEVEL = 0.95  # of every interval: 1 − ALPHA; that of equivalence is 1 − 2 ALPHA
MARGIN = 0.01  # units of the measure, one point: differences below it are taken as equal; the default of --margin
POWER = 0.8  # of a minimum detectable effect; the usual convention (Cohen 1988, chapter 2)
GATE_POWER = 0.9  # of the gate's detectable loss: five seeds misjudge the spread, so that .9 keeps .8, and .8 keeps .73


def is_shown(p: float) -> bool:
    """Return whether a test shows what it tests for; of a family, p is the adjusted one."""
    return bool(p <= ALPHA)


def are_shown(p: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return `is_shown` of each p of an array."""
    return p <= ALPHA


def excludes_zero(low: float, high: float) -> bool:
    """Return whether an interval lies on one side of 0."""
    return bool(low > 0 or high < 0)


def direction(p_adjusted: float, difference: float) -> Literal["better", "worse", ""]:
    """Return the direction of a difference that is shown, "" for one that is not."""
    if not is_shown(p_adjusted):
        return ""
    return "better" if difference > 0 else "worse"


def is_equivalent(p: float) -> bool:
    """Return whether two one-sided tests (harness.stats.equivalence) show a difference to be within the margin."""
    return is_shown(p)


def lies_within(low: float, high: float, margin: float) -> bool:
    """Return whether an interval lies within ± margin."""
    return bool(-margin <= low and high <= margin)
