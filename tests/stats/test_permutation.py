"""The sign-flip test against SciPy's exact enumeration, and the range of its p."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.sign_flip import sign_flip

from harness.stats.permutation import draw_flips, flipped_means, p_values, stratified


def scipy_p(differences: np.ndarray) -> float:
    result = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True, axis=0
    )
    return float(result.pvalue)


@pytest.mark.parametrize("n", [2, 3, 5, 8, 11, 12])
def test_up_to_twelve_queries_p_equals_scipys_exact_enumeration(n: int) -> None:
    generator = np.random.Generator(np.random.PCG64(n))
    differences = np.stack([generator.normal(0.3, 1, n), generator.integers(-4, 5, n) / 8], axis=1)  # the second ties
    assert sign_flip(differences, seed=1).tolist() == [scipy_p(differences[:, 0]), scipy_p(differences[:, 1])]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-8, 8), min_size=2, max_size=9))
def test_p_is_scipys_for_any_differences_of_eighths(eighths: list[int]) -> None:
    differences = np.array(eighths) / 8
    assert sign_flip(differences[:, None], seed=1)[0] == scipy_p(differences)


def test_above_twelve_queries_p_equals_the_enumeration_up_to_monte_carlo_error() -> None:
    differences = np.random.Generator(np.random.PCG64(4)).normal(0.3, 1, 16)
    exact = scipy_p(differences)
    assert 0.05 < exact < 0.5
    assert sign_flip(differences[:, None], seed=1)[0] == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 19_999))


def test_p_is_never_zero() -> None:
    assert sign_flip(np.ones((213, 1)), seed=1, draws=999)[0] == 1 / 1000
    assert sign_flip(np.ones((12, 1)), seed=1)[0] == 2 / 2**12


def test_equal_scores_have_p_1() -> None:
    assert sign_flip(np.zeros((30, 1)), seed=1)[0] == 1.0
    assert sign_flip(np.zeros((5, 1)), seed=1)[0] == 1.0


def test_the_same_seed_gives_the_same_p_and_another_seed_another() -> None:
    differences = np.random.Generator(np.random.PCG64(4)).normal(0.1, 1, (100, 1))
    assert sign_flip(differences, seed=1) == sign_flip(differences, seed=1)
    assert sign_flip(differences, seed=1) != sign_flip(differences, seed=2)


def test_five_percent_of_null_comparisons_are_below_five_percent() -> None:
    generator = np.random.Generator(np.random.PCG64(8))
    differences = generator.exponential(1, (40, 2_000)) * generator.choice([-1, 1], (40, 2_000))
    assert (sign_flip(differences, seed=1, draws=999) <= 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_the_flipped_mean_of_a_difference_is_the_difference_of_the_flipped_means() -> None:
    generator = np.random.Generator(np.random.PCG64(3))
    scores = generator.integers(0, 9, (40, 2)) / 8
    flips = draw_flips(40, seed=1, draws=2_500)
    pair = flipped_means(scores, flips)
    difference = scores[:, :1] - scores[:, 1:]
    p = p_values(difference.mean(axis=0), pair[:, :1] - pair[:, 1:], scores.mean(axis=0).sum(keepdims=True), False)
    assert p == sign_flip(difference, seed=1, draws=2_500)


def test_swapping_the_two_entries_changes_nothing() -> None:
    differences = np.random.Generator(np.random.PCG64(4)).normal(0.1, 1, (100, 1))
    assert sign_flip(differences, seed=1) == sign_flip(-differences, seed=1)


def test_stratified_differences_have_the_unweighted_average_as_their_mean() -> None:
    together = stratified([np.array([[1.0]]), np.array([[0.0], [0.5], [1.0]])])
    assert together.mean(axis=0) == pytest.approx([0.75])
    assert together[:, 0] == pytest.approx([2.0, 0.0, 1 / 3, 2 / 3])


def test_every_sign_vector_of_few_queries_occurs_once() -> None:
    flips = draw_flips(4, seed=1)
    assert flips.exact
    assert len({tuple(row) for row in flips.signs.tolist()}) == 16


def test_plus_and_minus_are_equally_frequent_for_every_query() -> None:
    flips = draw_flips(213, seed=1, draws=10_000)
    assert set(np.unique(flips.signs)) == {-1, 1}
    assert abs(flips.signs.mean(axis=0)).max() < 0.05


def test_nan_and_no_query_are_rejected() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        sign_flip(np.array([[np.nan], [1.0]]), seed=1)
    with pytest.raises(ValueError, match="no query"):
        draw_flips(0, seed=1)
