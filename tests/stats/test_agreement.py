"""Kendall's W, τ-b and Spearman's ρ against values worked out by hand and against SciPy."""

import itertools

import numpy as np
import pytest
from scipy import stats

from harness.stats.agreement import agreement, block_p, concordance, spearman, tau_b


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
    result = agreement(["a", "b", "c"], scores, ["q"] * 30)
    assert (result["experts"], result["pairs"]) == (["a", "b", "c"], 30)
    assert {left: list(row) for left, row in result["tau"].items()} == {"a": ["b", "c"], "b": ["c"]}
    assert result["tau"]["a"]["c"] == pytest.approx(stats.kendalltau(scores[:, 0], scores[:, 2]).statistic)
    assert 0 < result["W"] < 1
    assert agreement(["a"], scores[:, :1], ["q"] * 30) == {}


def test_the_agreement_of_experts_who_tie_all_pairs_is_undefined() -> None:
    result = agreement(["a", "b"], np.zeros((4, 2)), ["q", "q", "r", "r"])
    assert (result["W"], result["p"], result["p_by_query"], result["tau"]) == (None, None, None, {"a": {"b": None}})


def every_block_permutation(queries: list[str]) -> list[list[int]]:
    """Return, for every way to move whole queries of one size and to order their items, the item at each place."""
    blocks = {query: [i for i, name in enumerate(queries) if name == query] for query in queries}
    moves = []
    for order in itertools.permutations(blocks):
        if all(len(blocks[old]) == len(blocks[new]) for old, new in zip(blocks, order, strict=True)):
            orders = (itertools.permutations(blocks[query]) for query in order)
            moves += [[i for block in chosen for i in block] for chosen in itertools.product(*orders)]
    return moves


@pytest.mark.parametrize("queries", [["a", "a", "b", "b", "c", "c"], ["a", "a", "b", "b", "b", "c", "c"]])
def test_the_p_of_whole_queries_is_that_of_all_their_permutations(queries: list[str]) -> None:
    scores = random_scores(len(queries), 2, 1000, seed=3)
    observed = concordance(scores)
    assert observed is not None
    values = []
    for move in every_block_permutation(queries):
        result = concordance(np.stack([scores[:, 0], scores[move, 1]], axis=1))
        assert result is not None
        values.append(result[0] >= observed[0] - 1e-9)
    exact, drawn = float(np.mean(values)), block_p(scores, queries, permutations=4000)
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000) + 1e-3)
    assert 0.02 < exact < 0.98


def clustered(seed: int, share: float) -> tuple[np.ndarray, list[int]]:
    """Scores of four judges who know nothing of each other, each with a level of its own for each of 30 queries."""
    generator = np.random.Generator(np.random.PCG64(seed))
    levels = np.repeat(generator.normal(size=(30, 4)), 10, axis=0)
    return np.sqrt(share) * levels + np.sqrt(1 - share) * generator.normal(size=(300, 4)), [i // 10 for i in range(300)]


def test_judges_with_a_level_per_query_seem_to_agree_only_where_pairs_count_as_independent() -> None:
    runs = [clustered(seed, 0.8) for seed in range(40)]
    as_independent = [result[1] <= 0.05 for scores, _ in runs if (result := concordance(scores))]
    by_query = [(block_p(scores, queries, permutations=99) or 0) <= 0.05 for scores, queries in runs]
    assert sum(as_independent) >= 8  # of 40: a test at .05 has 2, and 8 or more once in 1,400 times
    assert sum(by_query) <= 6


def test_judges_who_share_a_signal_agree_whatever_the_queries() -> None:
    scores, queries = clustered(0, 0.5)
    shared = scores + np.random.Generator(np.random.PCG64(9)).normal(size=(300, 1))
    assert block_p(shared, queries, permutations=199) == 1 / 200


def test_the_p_of_whole_queries_repeats_and_ignores_the_order_of_pairs_of_equal_queries() -> None:
    scores, queries = clustered(5, 0.5)
    assert block_p(scores, queries, 99) == block_p(scores, queries, 99)
    names = [f"query {query}" for query in queries]
    assert block_p(scores, names, 99) == block_p(scores, queries, 99)
