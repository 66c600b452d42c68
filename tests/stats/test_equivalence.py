"""Two one-sided tests against statsmodels', and against the equivalent interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_paired

from harness.stats.equivalence import tost, tost_paired
from harness.stats.intervals import Estimate, difference


@pytest.mark.parametrize("margin", [0.01, 0.03, 0.1])
@pytest.mark.parametrize("n", [5, 213])
def test_p_equals_statsmodels(n: int, margin: float) -> None:
    generator = np.random.Generator(np.random.PCG64(n))
    new, old = generator.random(n), generator.random(n)
    old = 0.9 * new + 0.1 * old
    expected = ttost_paired(new, old, -margin, margin)[0]
    assert tost_paired((new - old)[:, None], margin)[0] == pytest.approx(expected, rel=1e-9)


@settings(max_examples=50)
@given(st.floats(-0.05, 0.05), st.floats(0.001, 0.05), st.integers(4, 300))
def test_p_is_at_most_alpha_exactly_where_the_1_minus_2_alpha_interval_lies_within_the_margin(
    value: float, error: float, freedom: int
) -> None:
    estimate = Estimate(np.array([value]), np.array([error]), np.array([float(freedom)]))
    low, high = estimate.interval(0.9)
    p = tost(estimate, 0.02)[0]
    if abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (low[0] > -0.02 and high[0] < 0.02)


def test_equal_scores_are_equivalent_and_a_difference_of_the_margin_is_not() -> None:
    assert tost_paired(np.zeros((10, 1)), 0.01)[0] == 0.0
    assert tost_paired(np.full((10, 1), 0.25), 0.25)[0] == 1.0
    assert tost_paired(np.full((10, 1), 0.5), 0.25)[0] == 1.0


def test_equal_means_with_noisy_seeds_are_not_shown_to_be_equivalent() -> None:
    calm = np.broadcast_to(np.linspace(0, 1, 50)[None, :, None], (5, 50, 1))
    noisy = calm + np.array([-0.04, -0.02, 0.0, 0.02, 0.04])[:, None, None]
    assert tost_paired((noisy - calm).mean(axis=0) + 1e-12 * calm[0], 0.01)[0] < 0.05
    assert tost(difference(noisy, calm), 0.01)[0] > 0.05


def test_a_margin_that_is_not_positive_is_rejected() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        tost_paired(np.zeros((10, 1)), 0.0)
