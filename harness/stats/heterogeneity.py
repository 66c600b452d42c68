"""The variance τ² of true effects between studies: what the data say about it, its estimate, its share I².

Study i of k has the effect y_i with the sampling variance v_i, and its true effect is normal with variance τ²:

    y_i ~ N(μ, v_i + τ²)        w_i(t) = 1 / (v_i + t)        m(t) = Σ w_i y_i / Σ w_i
    Q(t) = Σ w_i(t) (y_i − m(t))²      Q(τ²) is χ² with k − 1 degrees of freedom, and Q falls with t

Everything follows from Q. Cochran's Q is Q(0). The estimate of Paule and Mandel (1982, J. Res. NBS 87, 377) is the t
with Q(t) = k − 1, its expectation, and 0 where Q(0) is less. The confidence distribution of τ² gives τ² ≤ t the
probability P(χ² ≥ Q(t)): its quantiles are the bounds of the Q-profile intervals (Viechtbauer 2007, Stat. Med. 26,
37), and on τ² = 0 it puts the p of Cochran's test.

The root is found here to the last bits. `combine_effects` of statsmodels 0.15 stops at |Q(t) − (k − 1)| ≤ 1e-5 and,
told to be more exact, returns 0 where rounding makes the last difference negative (one set in five at 1e-12); it does
not tell when its 50 steps were too few, and takes seconds to import. Tests compare the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.stats.align import Floats

_LEFT_OUT = 1e-12  # of the confidence distribution, at each end of the integral over log t
_STEP = 0.2  # of log t; less where many studies make the peak narrow: a tenth of it changes the tenth digit


@dataclass(frozen=True)
class Weighted:
    """The studies weighted by 1 / (v_i + t), one column per t."""

    mean: Floats  # m(t)
    variance: Floats  # of m(t) if t is τ²: 1 / Σ w_i
    q: Floats  # Q(t)
    fall: Floats  # −dQ/dt = Σ w_i² (y_i − m)²


def weighted(effects: Floats, variances: Floats, tau2: float | Floats) -> Weighted:
    """Return the weighted mean of the studies and Q for each value of τ².  [values]"""
    weights = 1 / (variances[:, None] + np.atleast_1d(tau2))  # [studies, values]
    total = weights.sum(axis=0)
    mean = (weights * effects[:, None]).sum(axis=0) / total
    residuals = effects[:, None] - mean
    q = (weights * residuals**2).sum(axis=0)
    return Weighted(mean, 1 / total, q, ((weights * residuals) ** 2).sum(axis=0))


def paule_mandel(effects: Floats, variances: Floats) -> float:
    """Return Paule and Mandel's estimate of τ², to some 1e-15 of the variance of the effects."""
    from scipy.optimize import brentq

    freedom = len(effects) - 1
    if weighted(effects, variances, 0.0).q[0] <= freedom:
        return 0.0
    spread = float(effects.var(ddof=1))  # Q(t) ≤ freedom · spread / t: the root is at most the spread

    def excess(t: float) -> float:  # 1 / Q is nearly a straight line; of equal variances it is one
        return float(freedom / weighted(effects, variances, t).q[0] - 1)

    return float(brentq(excess, 0.0, 2 * spread, xtol=1e-15 * spread, rtol=1e-15, maxiter=1000))


def i_squared(variances: Floats, tau2: float) -> float:
    """Return I² = τ² / (τ² + v), the share of the total variance that is between studies.

    v = (k − 1) Σ w / ((Σ w)² − Σ w²) of w_i = 1 / v_i is the typical sampling variance (Higgins and Thompson 2002,
    Stat. Med. 21, 1539, equation 9), as in metafor. (Q − k + 1) / Q is the same for another estimate of τ².
    """
    weights = variances.min() / variances
    products = np.outer(weights, weights)
    np.fill_diagonal(products, 0.0)  # their sum is (Σ w)² − Σ w², without cancellation
    typical = variances.min() * (len(variances) - 1) * weights.sum() / products.sum()
    return float(tau2 / (tau2 + typical))


def confidence_distribution(effects: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return values of τ², 0 first, and the probabilities of the confidence distribution on them.

    The distribution has P(χ² ≥ Q(0)) on 0, and above it the density f(Q(t)) |dQ/dt|, where f is that of χ². Sums over
    the values are the trapezoid rule in log t, which converges exponentially for such smooth integrands.
    """
    from scipy.special import chdtrc, chdtri, gammaln, xlogy

    freedom = len(effects) - 1
    squares = freedom * effects.var(ddof=1)  # squares / (t + largest variance) ≤ Q(t) ≤ squares / t
    low = max(variances.min() * _LEFT_OUT, squares / chdtri(freedom, _LEFT_OUT) - variances.max())
    high = max(squares / chdtri(freedom, 1 - _LEFT_OUT), 2 * low)
    nodes = math.ceil(math.log(high / low) / min(_STEP, freedom**-0.5)) + 1
    log_t, step = np.linspace(math.log(low), math.log(high), nodes, retstep=True)
    tau2 = np.concatenate([[0.0], np.exp(log_t)])
    studies = weighted(effects, variances, tau2)
    half_q = np.maximum(studies.q, np.finfo(np.float64).tiny) / 2  # of equal effects Q is 0, and does not fall
    density = np.exp(xlogy(freedom / 2 - 1, half_q) - half_q - gammaln(freedom / 2)) / 2
    probability = density * studies.fall * tau2 * step
    probability[0] = chdtrc(freedom, studies.q[0])
    return tau2, probability
