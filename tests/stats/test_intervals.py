"""Errors over queries, seeds and both: against SciPy, values worked out by hand, and their coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.simulated_scores import Spread, additive

from harness.stats.intervals import Estimate, averaged, difference, over_both, over_queries, over_seeds, two_sided_p


def random(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).random(shape)


def crossed(values: np.ndarray) -> Estimate:
    estimate = over_both(values)
    assert estimate is not None
    return estimate


def test_over_queries_equals_scipys_t_interval() -> None:
    values = random(213, 2)
    low, high = over_queries(values).interval()
    expected = stats.ttest_1samp(values, 0, axis=0).confidence_interval()
    assert low == pytest.approx(expected.low)
    assert high == pytest.approx(expected.high)


@pytest.mark.parametrize("freedom", [0.3, 1.0, 2.5, 4.0, 255.0, 1e6, np.inf])
def test_quantiles_and_tails_are_those_of_scipys_t_bit_for_bit(freedom: float) -> None:
    error, tails = np.array([2.0]), np.array([1e-100, 1e-12, 0.0125, 0.025, 0.05, 0.31, 0.5])
    quantiles = stats.t.isf(tails, freedom)
    for tail, quantile in zip(tails, quantiles, strict=True):
        estimate = Estimate(error * quantile, error, np.array([freedom]))
        assert estimate.half_width(tail).tolist() == np.sqrt(error**2 * quantile**2).tolist()
        assert two_sided_p(estimate).tolist() == [2 * stats.t.sf(2 * quantile / 2, freedom) if quantile else 1.0]


def test_over_seeds_equals_scipys_t_interval_of_the_seeds_means() -> None:
    values = random(5, 213, 2)
    estimate = over_seeds(values)
    assert estimate is not None
    low, high = estimate.interval()
    expected = stats.ttest_1samp(values.mean(axis=1), 0, axis=0).confidence_interval()
    assert low == pytest.approx(expected.low)
    assert high == pytest.approx(expected.high)


def test_one_seed_has_no_interval_over_seeds() -> None:
    assert over_seeds(random(1, 30, 1)) is None
    assert over_both(random(1, 30, 1)) is None


def test_the_variance_over_both_counts_the_residual_once() -> None:
    """Query means 2 and 4, seed means 2 and 4, no residual: 2/2 + 2/2; by Satterthwaite 2² / (1² + 1²)."""
    values = np.array([[[1.0], [3.0]], [[3.0], [5.0]]])
    estimate = crossed(values)
    assert (estimate.value[0], estimate.error[0] ** 2, estimate.freedom[0]) == pytest.approx((3.0, 2.0, 2.0))


def test_the_variance_over_both_is_that_of_the_model() -> None:
    """1/5 · seed² + 1/50 · query² + 1/250 · interaction², averaged over 20,000 data sets."""
    values = additive(np.random.Generator(np.random.PCG64(5)), (20_000, 5, 50), Spread(0.3, 0.05, 0.2))
    variance = crossed(values.transpose(1, 2, 0)).error ** 2
    assert variance.mean() == pytest.approx(0.05**2 / 5 + 0.3**2 / 50 + 0.2**2 / 250, rel=0.02)


def test_a_difference_to_fixed_scores_equals_that_of_the_paired_scores() -> None:
    new, old = random(5, 60, 2), random(1, 60, 2, seed=2)
    estimate, paired = difference(new, old), crossed(new - old)
    assert estimate.value == pytest.approx(paired.value)
    assert estimate.error == pytest.approx(paired.error)
    assert estimate.freedom == pytest.approx(paired.freedom)


def test_a_difference_of_two_fixed_entries_equals_scipys_paired_t_interval() -> None:
    new, old = random(1, 60, 1), random(1, 60, 1, seed=2)
    low, high = difference(new, old).interval()
    expected = stats.ttest_rel(new[0, :, 0], old[0, :, 0]).confidence_interval()
    assert (low[0], high[0]) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_the_error_of_a_difference_includes_the_spread_over_seeds_of_both_sides() -> None:
    calm = np.broadcast_to(random(1, 60, 1), (5, 60, 1))
    noisy = calm + 0.1 * np.arange(5)[:, None, None]
    errors = [difference(new, old).error[0] for new, old in ((calm, calm), (noisy, calm), (noisy, noisy))]
    assert errors == pytest.approx([0, 0.1 * np.sqrt(2.5 / 5), 0.1 * np.sqrt(2 * 2.5 / 5)], abs=1e-12)


def test_an_average_of_languages_has_the_error_of_independent_parts() -> None:
    parts = [over_queries(random(40, 1)), over_queries(random(400, 1, seed=2))]
    estimate = averaged(parts)
    assert estimate.value[0] == pytest.approx((parts[0].value[0] + parts[1].value[0]) / 2)
    assert estimate.error[0] == pytest.approx(np.hypot(parts[0].error[0], parts[1].error[0]) / 2)
    assert 39 < estimate.freedom[0] < 39 + 399


def test_equal_scores_have_no_error_and_an_interval_of_no_width() -> None:
    estimate = crossed(np.full((3, 7, 1), 0.25))
    assert (estimate.error[0], estimate.freedom[0]) == (0.0, np.inf)
    assert estimate.interval() == (np.array([0.25]), np.array([0.25]))


@pytest.mark.parametrize(
    "call",
    [
        lambda: over_queries(random(1, 2)),
        lambda: difference(random(2, 1, 1), random(2, 1, 1)),
        lambda: difference(random(2, 5, 1), random(2, 6, 1)),
        lambda: over_both(np.full((2, 3, 1), np.nan)),
        lambda: averaged([]),
    ],
)
def test_scores_without_an_error_are_rejected(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"one query|cannot pair|must be finite|nothing to average"):
        call()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(3, 30), st.floats(-3, 3), st.floats(0.1, 10))
def test_shifting_and_scaling_scores_shifts_and_scales_the_interval(
    seed: int, seeds: int, n: int, shift: float, scale: float
) -> None:
    values = random(seeds, n, 1, seed=seed)
    low, high = crossed(values).interval()
    low2, high2 = crossed(shift + scale * values).interval()
    assert (low2[0], high2[0]) == pytest.approx((shift + scale * low[0], shift + scale * high[0]), abs=1e-8)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 30))
def test_over_both_is_never_more_certain_than_over_queries_or_over_seeds(seed: int, seeds: int, n: int) -> None:
    values = random(seeds, n, 1, seed=seed)
    alone = over_seeds(values)
    assert alone is not None
    assert crossed(values).error[0] >= max(alone.error[0], over_queries(values.mean(axis=0)).error[0]) * (1 - 1e-12)


SPREADS = [
    Spread(query=0.3, seed=0.002, interaction=0.1),
    Spread(query=0.3, seed=0.02, interaction=0.1, skewed=True),
    Spread(query=0.1, seed=0.005, interaction=0.1, skewed=True),  # like paired differences
    Spread(query=0.1, seed=0.01, interaction=0.1),
    Spread(query=0.05, seed=0.02, interaction=0.05),
]


@pytest.mark.parametrize("spread", SPREADS, ids=str)
def test_93_to_97_percent_of_2000_data_sets_of_213_queries_and_5_seeds_are_covered(spread: Spread) -> None:
    values = additive(np.random.Generator(np.random.PCG64(213)), (2_000, 5, 213), spread)
    low, high = crossed(values.transpose(1, 2, 0)).interval()
    assert 0.93 <= ((low <= 0) & (high >= 0)).mean() <= 0.97


def covered(spread: Spread, apart: float) -> float:
    """The share of 2,000 differences covered; `apart`: how far the entries differ from query to query."""
    generator = np.random.Generator(np.random.PCG64(214))
    values = additive(generator, (2_000, 10, 213), spread).transpose(1, 2, 0)  # one set of queries, ten seeds
    new = values[:5] + apart * generator.standard_normal((213, 2_000))
    low, high = difference(new, values[5:]).interval()
    return float(((low <= 0) & (high >= 0)).mean())


@pytest.mark.parametrize("spread", SPREADS, ids=str)
def test_93_to_97_percent_of_2000_differences_are_covered(spread: Spread) -> None:
    assert 0.93 <= covered(spread, apart=0.1) <= 0.97


@pytest.mark.parametrize("spread", SPREADS, ids=str)
def test_differences_of_equal_entries_are_covered_by_94_to_98_5_percent(
    spread: Spread,
) -> None:
    assert 0.94 <= covered(spread, apart=0.0) <= 0.985


def test_the_half_width_has_a_quantile_for_queries_and_one_for_seeds() -> None:
    """Query means 2 and 4, seed means 2 and 4, no residual: 1 of each, both with one degree of freedom."""
    low, high = crossed(np.array([[[1.0], [3.0]], [[3.0], [5.0]]])).interval()
    assert high[0] - low[0] == pytest.approx(2 * np.sqrt(2) * stats.t.isf(0.025, 1))


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_p_of_few_noisy_seeds_holds_in_the_tail_that_a_corrected_test_needs(seeds: int) -> None:
    """One t with Satterthwaite's degrees of freedom rejects 1.4 % at α = .005 with two seeds a side."""
    values = additive(np.random.Generator(np.random.PCG64(3)), (4_000, 2 * seeds, 213), Spread(0.3, 0.02, 0.1))
    new, old = np.split(values.transpose(1, 2, 0), 2)
    assert (two_sided_p(difference(new, old)) <= 0.005).mean() <= 0.005


def test_p_of_an_unknown_error_is_nan_and_of_no_error_0_or_1() -> None:
    error = np.array([np.nan, 0.0, 0.0])
    assert two_sided_p(Estimate(np.array([0.5, 0.5, 0.0]), error, np.full(3, np.inf))).tolist()[1:] == [0.0, 1.0]
    assert np.isnan(two_sided_p(Estimate(np.array([0.5]), error[:1], np.ones(1))))


def test_the_average_of_one_estimate_is_that_estimate() -> None:
    estimate = difference(random(3, 40, 2), random(5, 40, 2, seed=2))
    alone = averaged([estimate])
    assert alone.freedom == pytest.approx(estimate.freedom)
    assert alone.interval() == (pytest.approx(estimate.interval()[0]), pytest.approx(estimate.interval()[1]))
