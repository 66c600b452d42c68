"""The bootstrap against SciPy's, and against the same resamples taken one by one."""

from typing import Literal

import numpy as np
import pytest

from harness.stats.bootstrap import Counts, Floats, percentiles, resample_counts
from harness.stats.crossed import crossed_means
from harness.stats.rules import LEVEL


def resampled_means(values: Floats, counts: Counts) -> Floats:
    """Return the means over queries only: those of one seed."""
    return crossed_means(values[None], counts, np.ones((len(counts), 1), dtype=np.uint16))


def intervals(values: Floats, counts: Counts, level: float = LEVEL) -> tuple[Floats, Floats]:
    return percentiles(resampled_means(values, counts), level)


def reciprocal_ranks(n: int, seed: int) -> Floats:
    """Scores as a retrieval run gives them: many 0, many 1, few values between.  [n]"""
    generator = np.random.Generator(np.random.PCG64(seed))
    ranks = generator.geometric(0.3, size=n)
    return np.where(ranks > 10, 0.0, 1.0 / ranks)


def test_every_resample_draws_as_many_queries_as_there_are() -> None:
    counts = resample_counts(213, 2_500, seed=7)
    assert counts.shape == (2_500, 213)
    assert (counts.sum(axis=1) == 213).all()


def test_every_query_is_drawn_equally_often_and_resamples_differ() -> None:
    counts = resample_counts(20, 10_000, seed=7)
    assert counts.mean(axis=0) == pytest.approx(np.ones(20), abs=0.05)  # sd of a mean: 0.01
    assert counts.var(axis=0) == pytest.approx(np.full(20, 0.95), abs=0.1)  # multinomial: 1 - 1/n
    assert len({row.tobytes() for row in counts}) > 9_900


def test_the_same_seed_gives_the_same_resamples_and_another_seed_gives_others() -> None:
    assert (resample_counts(50, 100, seed=1) == resample_counts(50, 100, seed=1)).all()
    assert (resample_counts(50, 100, seed=1) != resample_counts(50, 100, seed=2)).any()


def test_means_equal_those_of_the_resampled_values_taken_one_by_one() -> None:
    values = np.random.Generator(np.random.PCG64(3)).integers(0, 1025, size=(64, 3)) / 1024  # sums are exact
    counts = resample_counts(64, 1_500, seed=3)
    naive = np.array([np.repeat(values, row, axis=0).mean(axis=0) for row in counts])
    assert (resampled_means(values, counts) == naive).all()
    low, high = intervals(values, counts)
    assert (low == np.percentile(naive, 2.5, axis=0)).all()
    assert (high == np.percentile(naive, 97.5, axis=0)).all()


@pytest.mark.parametrize("draws", [1, 2, 3, 41, 1_000, 10_000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_percentiles_are_numpys_quantiles_to_the_last_bit(draws: int, order: Literal["C", "F"]) -> None:
    means = np.asarray(np.random.Generator(np.random.PCG64(draws)).normal(size=(draws, 7)), order=order)
    means[:, 3] = 0.25
    means[draws // 2, 5] = np.nan
    for level in (0.95, 0.9, 0.5, 1 / 3):
        expected = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
        assert np.array(percentiles(means, level)).tobytes() == expected.tobytes()


def test_intervals_are_those_of_scipy_up_to_monte_carlo_error() -> None:
    from scipy import stats

    values = np.stack([reciprocal_ranks(213, seed) for seed in (1, 2)], axis=1)
    low, high = intervals(values, resample_counts(213, 10_000, seed=5))
    for column in range(2):
        expected = stats.bootstrap(
            (values[:, column],), np.mean, method="percentile", n_resamples=10_000, rng=np.random.default_rng(6)
        ).confidence_interval
        width = expected.high - expected.low
        assert abs(low[column] - expected.low) < 0.03 * width
        assert abs(high[column] - expected.high) < 0.03 * width


def test_a_lower_level_gives_a_narrower_interval() -> None:
    values, counts = reciprocal_ranks(300, 1)[:, None], resample_counts(300, 4_000, seed=1)
    low95, high95 = intervals(values, counts)
    low80, high80 = intervals(values, counts, level=0.8)
    assert low95[0] < low80[0] < values.mean() < high80[0] < high95[0]


def test_percentiles_interpolate_linearly() -> None:
    low, high = percentiles(np.arange(101.0)[:, None], level=0.9)
    assert (low[0], high[0]) == (pytest.approx(5.0), pytest.approx(95.0))


def test_equal_scores_have_an_interval_of_no_width() -> None:
    low, high = intervals(np.full((40, 1), 0.25), resample_counts(40, 500, seed=1))
    assert (low[0], high[0]) == (0.25, 0.25)


def test_nan_is_rejected() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        resampled_means(np.array([[0.5], [np.nan]]), resample_counts(2, 10, seed=1))


@pytest.mark.parametrize("n", [0, 65_536])
def test_a_number_of_queries_out_of_range_is_rejected(n: int) -> None:
    with pytest.raises(ValueError, match=f"cannot resample {n} queries"):
        resample_counts(n, 10, seed=1)


def test_memory_stays_below_200_mb_for_40_entries_of_5_measures() -> None:
    import tracemalloc

    values = np.random.Generator(np.random.PCG64(1)).random((640, 2 * 40 * 5))  # scores and differences
    tracemalloc.start()
    intervals(values, resample_counts(640, 10_000, seed=1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
