"""The crossed bootstrap: what it resamples, its error with five seeds, and that the correction fixes it."""

import numpy as np
import pytest
from support.simulated_scores import Spread, additive

from harness.stats.bootstrap import percentiles, resample_counts
from harness.stats.crossed import crossed_means, stretched
from harness.stats.intervals import Estimate, over_both


def random(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 1025, size=shape) / 1024  # sums are exact


def estimate(values: np.ndarray) -> Estimate:
    result = over_both(values)
    assert result is not None
    return result


@pytest.mark.parametrize(("s", "n"), [(3, 8), (8, 8), (9, 4)])
def test_a_resample_is_the_mean_over_all_pairs_of_drawn_seeds_and_drawn_queries(s: int, n: int) -> None:
    values, queries, seeds = random(s, n, 2), resample_counts(n, 1_200, seed=1), resample_counts(s, 1_200, seed=2)
    naive = [
        np.repeat(np.repeat(values, seed_row, axis=0), query_row, axis=1).mean(axis=(0, 1))
        for query_row, seed_row in zip(queries, seeds, strict=True)
    ]
    assert crossed_means(values, queries, seeds) == pytest.approx(np.array(naive), abs=1e-12)


def test_with_one_seed_it_is_the_bootstrap_over_queries() -> None:
    values, queries = random(1, 50, 1), resample_counts(50, 400, seed=1)
    means = crossed_means(values, queries, resample_counts(1, 400, seed=2))
    assert means == pytest.approx(queries @ values[0] / 50)


def test_stretched_resamples_have_the_half_width_of_students_interval() -> None:
    values = random(5, 213, 3)
    means = crossed_means(values, resample_counts(213, 4_000, seed=1), resample_counts(5, 4_000, seed=2))
    low, high = percentiles(stretched(means, estimate(values)))
    student_low, student_high = estimate(values).interval()
    assert (high - low) == pytest.approx(student_high - student_low, rel=0.05)


def test_stretching_keeps_resamples_without_spread() -> None:
    values = np.full((5, 20, 1), 0.5)
    means = crossed_means(values, resample_counts(20, 100, seed=1), resample_counts(5, 100, seed=2))
    assert (stretched(means, estimate(values)) == 0.5).all()


def test_counts_of_other_shapes_are_rejected() -> None:
    with pytest.raises(ValueError, match="counts of shapes"):
        crossed_means(random(3, 8, 1), resample_counts(9, 10, seed=1), resample_counts(3, 10, seed=2))


def coverage(spread: Spread, *, corrected: bool) -> float:
    """The share of 2,000 data sets of 213 queries and 5 seeds whose 95 % interval holds the true mean."""
    generator = np.random.Generator(np.random.PCG64(99))
    values = additive(generator, (2_000, 5, 213), spread).transpose(1, 2, 0)
    means = crossed_means(values, resample_counts(213, 1_000, seed=1), resample_counts(5, 1_000, seed=2))
    low, high = percentiles(stretched(means, estimate(values)) if corrected else means)
    return float(((low <= 0) & (high >= 0)).mean())


@pytest.mark.parametrize("spread", [Spread(0.3, 0.01, 0.1), Spread(0.1, 0.02, 0.1), Spread(0.05, 0.02, 0.05)], ids=str)
def test_93_to_97_percent_of_2000_data_sets_are_covered(spread: Spread) -> None:
    assert 0.93 <= coverage(spread, corrected=True) <= 0.97


def test_without_the_correction_the_coverage_with_five_noisy_seeds_is_below_91_percent() -> None:
    assert coverage(Spread(0.05, 0.02, 0.05), corrected=False) < 0.91
