"""Seeds and queries that a comparison needs, against the power of the comparison that has them."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.intervals import Estimate
from harness.stats.power import minimum_detectable
from harness.stats.sample_sizes import needed

QUERIES, SEEDS = 4e-6, 9e-6  # variances: errors of 0.2 and 0.3 points


def detectable(query_variance: float, seed_variance: float) -> float:
    error = np.sqrt([query_variance + seed_variance])
    return float(minimum_detectable(Estimate(np.zeros(1), error, np.full(1, np.inf)))[0])


@pytest.mark.parametrize("difference", [0.006, 0.007, 0.009])
def test_with_the_seeds_or_queries_named_the_difference_is_just_found(difference: float) -> None:
    need = needed(difference, QUERIES, SEEDS)
    assert need.seeds is not None
    if need.seeds > 1:
        assert detectable(QUERIES, SEEDS / need.seeds) == pytest.approx(difference, rel=1e-3)
    if need.queries is not None and need.queries > 1:
        assert detectable(QUERIES / need.queries, SEEDS) == pytest.approx(difference, rel=1e-3)


def test_no_number_of_seeds_makes_up_for_too_few_queries_and_the_reverse() -> None:
    assert needed(0.005, QUERIES, SEEDS).seeds is None  # 0.2 × 2.80 = 0.56 points
    assert needed(0.008, QUERIES, SEEDS).queries is None  # 0.3 × 2.80 = 0.84 points
    assert needed(0.008, QUERIES, 0.0).seeds == 1


def test_what_is_found_already_needs_nothing_more() -> None:
    need = needed(0.05, QUERIES, SEEDS)
    assert (need.seeds, need.queries) == (1, 1)


@pytest.mark.parametrize("difference", [0.0, -0.01, float("nan")])
def test_a_difference_that_is_not_positive_is_refused(difference: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        needed(difference, QUERIES, SEEDS)
