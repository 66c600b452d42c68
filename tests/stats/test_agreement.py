"""Kendall's W, τ-b and Spearman's ρ against values worked out by hand and against SciPy."""

import numpy as np
import pytest
from scipy import stats

from harness.stats.agreement import agreement, concordance, spearman, tau_b


def random_scores(items: int, judges: int, levels: int, seed: int) -> np.ndarray:
    """Correlated scores of several judges; few levels make many ties.  [items, judges]"""
    generator = np.random.Generator(np.random.PCG64(seed))
    values = generator.random((items, judges)) + generator.random((items, 1))
    return np.floor(values * levels)


def test_w_of_three_judges_one_of_them_in_reverse_order_is_one_ninth() -> None:
    scores = np.array([[1.0, 1, 4], [2, 2, 3], [3, 3, 2], [4, 4, 1]])  # sums 6 7 8 9: S = 5; 12 · 5 / (9 · 60)
    result = concordance(scores)
    assert result is not None
    assert result[0] == pytest.approx(1 / 9, abs=1e-15)


def test_ties_are_corrected_as_worked_out_by_hand() -> None:
    scores = np.array([[1.0, 1], [1, 2], [2, 3]])  # midranks 1.5 1.5 3: S = 6.5, T = 6; 12 · 6.5 / (4 · 24 - 2 · 6)
    result = concordance(scores)
    assert result is not None
    assert result[0] == pytest.approx(13 / 14, abs=1e-15)


def test_w_of_judges_with_the_same_order_is_1_whatever_their_scales_and_ties() -> None:
    first = np.array([1.0, 1, 2, 3, 3])
    result = concordance(np.stack([first, first * 250 - 40, np.exp(first)], axis=1))
    assert result is not None
    assert result[0] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("levels", [3, 1000])
def test_w_and_p_are_friedmans_test_of_scipy(levels: int) -> None:
    scores = random_scores(40, 5, levels, seed=levels)
    reference = stats.friedmanchisquare(*scores)
    result = concordance(scores)
    assert result is not None
    assert result[0] == pytest.approx(reference.statistic / (5 * 39), rel=1e-12)
    assert result[1] == pytest.approx(reference.pvalue, rel=1e-9)


def test_an_undefined_w_is_none() -> None:
    assert concordance(np.ones((5, 3))) is None
    assert concordance(np.array([[1.0], [2.0]])) is None
    assert concordance(np.array([[1.0, 2.0]])) is None


def test_tau_b_with_a_tie_is_as_worked_out_by_hand() -> None:
    left, right = np.array([1.0, 2, 2, 3]), np.array([1.0, 3, 2, 4])  # 5 concordant, 0 discordant, one tied on the left
    assert tau_b(left, right) == pytest.approx(5 / np.sqrt(5 * 6), abs=1e-15)
    assert tau_b(left, np.ones(4)) is None


def test_spearman_is_pearson_of_the_midranks() -> None:
    left, right = [3.0, 1, 4, 1, 5, 9], [2.0, 7, 1, 8, 2, 8]
    expected = np.corrcoef(stats.rankdata(left), stats.rankdata(right))[0, 1]
    assert spearman(left, right) == pytest.approx(expected, abs=1e-12)


def test_spearman_is_undefined_below_five_points_and_without_variance() -> None:
    assert spearman([1, 2, 3, 4], [1, 2, 3, 4]) is None
    assert spearman([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4, 5], [7, 7, 7, 7, 7]) is None


def test_the_agreement_of_experts_names_each_pair_once() -> None:
    scores = random_scores(30, 3, 1000, seed=1)
    result = agreement(["a", "b", "c"], scores)
    assert (result["experts"], result["pairs"]) == (["a", "b", "c"], 30)
    assert {left: list(row) for left, row in result["tau"].items()} == {"a": ["b", "c"], "b": ["c"]}
    assert result["tau"]["a"]["c"] == pytest.approx(stats.kendalltau(scores[:, 0], scores[:, 2]).statistic)
    assert 0 < result["W"] < 1
    assert agreement(["a"], scores[:, :1]) == {}


def test_the_agreement_of_experts_who_tie_all_pairs_is_undefined() -> None:
    result = agreement(["a", "b"], np.zeros((4, 2)))
    assert (result["W"], result["p"], result["tau"]) == (None, None, {"a": {"b": None}})
