"""Minimum detectable effects against statsmodels', the documented figures, and simulation."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from harness.stats.intervals import Estimate, difference, over_queries
from harness.stats.power import minimum_detectable


def exact(sd: float, n: int) -> np.ndarray:
    """Differences of n queries with exactly this standard deviation."""
    values = np.random.Generator(np.random.PCG64(n)).standard_normal(n)
    return ((values - values.mean()) / values.std(ddof=1) * sd)[:, None]


@pytest.mark.parametrize(("alpha", "power"), [(0.05, 0.8), (0.01, 0.9), (0.05 / 13, 0.8)])
@pytest.mark.parametrize("n", [12, 213, 632])
def test_the_effect_equals_statsmodels_solution(n: int, alpha: float, power: float) -> None:
    expected = TTestPower().solve_power(nobs=n, alpha=alpha, power=power) * 0.2
    assert minimum_detectable(over_queries(exact(0.2, n)), alpha, power)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("n", "sd", "points"),
    [(213, 0.1, 1.9), (350, 0.1, 1.5), (632, 0.1, 1.1), (213, 0.2, 3.9), (350, 0.2, 3.0), (632, 0.2, 2.2)],
)
def test_the_detectable_points_at_miracls_query_counts(n: int, sd: float, points: float) -> None:
    assert 100 * minimum_detectable(over_queries(exact(sd, n)))[0] == pytest.approx(points, abs=0.06)


@pytest.mark.parametrize("freedom", [1.0, 4.0, 8.0, 212.0])
@pytest.mark.parametrize("two_sided", [True, False])
def test_the_test_rejects_with_the_given_probability_at_few_degrees_of_freedom_too(
    freedom: float, two_sided: bool
) -> None:
    alpha = 0.05 / 42
    estimate = Estimate(np.zeros(1), np.ones(1), np.array([freedom]))
    effect = minimum_detectable(estimate, alpha, 0.8, two_sided=two_sided)[0]
    generator = np.random.Generator(np.random.PCG64(6))
    t = (generator.standard_normal(200_000) + effect) / np.sqrt(generator.chisquare(freedom, 200_000) / freedom)
    critical = stats.t.isf(alpha / (2 if two_sided else 1), freedom)
    assert ((abs(t) if two_sided else t) >= critical).mean() == pytest.approx(0.8, abs=0.005)


def test_noisy_seeds_raise_the_detectable_effect() -> None:
    generator = np.random.Generator(np.random.PCG64(2))
    old = generator.random((1, 213, 1))
    new = old + 0.1 * generator.standard_normal((5, 213, 1))
    noisy = new + 0.02 * generator.standard_normal((5, 1, 1))
    assert minimum_detectable(difference(noisy, old))[0] > 1.5 * minimum_detectable(difference(new, old))[0]


def test_without_spread_any_effect_is_detectable() -> None:
    assert minimum_detectable(over_queries(np.zeros((20, 1))))[0] == 0.0


@pytest.mark.parametrize(("alpha", "power"), [(0.0, 0.8), (0.05, 1.0), (0.5, 0.4)])
def test_an_alpha_or_a_power_out_of_range_is_rejected(alpha: float, power: float) -> None:
    with pytest.raises(ValueError, match="needs 0 < alpha < power < 1"):
        minimum_detectable(over_queries(np.zeros((20, 1))), alpha, power)
