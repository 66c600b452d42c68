"""Reproduction measures from their definitions and from numbers worked out by hand."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from support.reproduction_measures import (
    delta_relative_improvement,
    kendall_union,
    nrmse,
    rank_biased_overlap,
    rmse,
)

rankings = st.lists(st.integers(0, 30), min_size=2, max_size=20, unique=True)


def test_delta_ri_is_the_difference_of_the_relative_gains() -> None:
    assert delta_relative_improvement((0.5, 0.6), (0.4, 0.44)) == pytest.approx(0.2 - 0.1)


@pytest.mark.parametrize(
    ("original", "reproduced"),
    [((0.0, 0.1), (0.4, 0.5)), ((0.4, 0.5), (0.0001, 0.1)), ((0.5, 0.5005), (0.4, 0.6))],
)
def test_delta_ri_without_a_baseline_or_an_effect_is_undefined(
    original: tuple[float, float], reproduced: tuple[float, float]
) -> None:
    assert delta_relative_improvement(original, reproduced) is None


def test_rmse_is_the_root_of_the_mean_square_and_nrmse_its_share_of_the_worst() -> None:
    original, reproduced = np.array([0.0, 1.0, 0.5]), np.array([0.3, 0.6, 0.5])
    assert rmse(original, reproduced) == pytest.approx(math.sqrt(0.25 / 3))
    assert nrmse(original, reproduced) == pytest.approx(math.sqrt(0.25 / (1 + 1 + 0.25)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_nrmse_lies_between_0_for_the_same_and_1_for_the_worst(scores: list[float]) -> None:
    original = np.array(scores)
    assert nrmse(original, original) == 0
    assert nrmse(original, np.where(original < 0.5, 1.0, 0.0)) == pytest.approx(1)


def test_kendalls_tau_of_the_papers_example_is_one() -> None:
    """Union d1 d2 d3 d4; the rankings are 1 2 3 and 1 2 4."""
    assert kendall_union(["d1", "d2", "d3"], ["d1", "d2", "d4"]) == 1.0


@given(rankings, rankings)
def test_kendalls_tau_equals_scipys_on_the_numbers_in_the_union(original: list[int], reproduced: list[int]) -> None:
    depth = min(len(original), len(reproduced))
    union = list(dict.fromkeys(original[:depth] + reproduced[:depth]))
    numbers = ([union.index(doc) for doc in ranking[:depth]] for ranking in (original, reproduced))
    assert kendall_union(original, reproduced) == pytest.approx(stats.kendalltau(*numbers).statistic)


@given(rankings, rankings, st.randoms(use_true_random=False))
def test_kendalls_tau_does_not_depend_on_document_ids(
    original: list[int], reproduced: list[int], shuffler: random.Random
) -> None:
    names = list(range(31))
    shuffler.shuffle(names)
    renamed = ([f"doc-{names[doc]}" for doc in ranking] for ranking in (original, reproduced))
    assert kendall_union(*renamed) == kendall_union(original, reproduced)


def test_kendalls_tau_is_one_for_the_same_and_minus_one_for_the_reverse() -> None:
    assert kendall_union([5, 3, 9], [5, 3, 9]) == 1.0
    assert kendall_union([5, 3, 9], [9, 3, 5]) == -1.0


def test_kendalls_tau_accepts_rankings_of_unequal_length_and_needs_two_positions() -> None:
    assert kendall_union(["a", "b", "c", "d"], ["b", "a"]) == -1.0
    assert kendall_union(["a"], ["a", "b"]) is None


def by_definition(short: list[int], long: list[int], p: float) -> float:
    """(1 − p) Σ p^(d−1) · agreement at d, with the agreement extrapolated beyond the end of each list."""
    s, l = len(short), len(long)  # noqa: E741 - the paper's letters

    def overlap(d: int) -> int:
        return len(set(short[:d]) & set(long[:d]))

    def agreement(d: int) -> float:
        if d <= s:
            return overlap(d) / d
        if d <= l:
            return (overlap(d) + overlap(s) * (d - s) / s) / d
        return (overlap(l) - overlap(s)) / l + overlap(s) / s

    return (1 - p) * sum(p ** (d - 1) * agreement(d) for d in range(1, 600))


@given(rankings, rankings, st.sampled_from([0.5, 0.8, 0.9]))
def test_rbo_is_the_sum_of_its_definition(original: list[int], reproduced: list[int], p: float) -> None:
    short, long = sorted((original, reproduced), key=len)
    assert rank_biased_overlap(original, reproduced, p) == pytest.approx(by_definition(short, long, p), abs=1e-9)


def test_rbo_is_one_for_the_same_and_zero_for_nothing_in_common() -> None:
    assert rank_biased_overlap([1, 2, 3], [1, 2, 3]) == pytest.approx(1)
    assert rank_biased_overlap([1, 2, 3], [4, 5]) == 0
    assert rank_biased_overlap([1, 2], [1, 2, 3, 4]) == pytest.approx(1)
    assert rank_biased_overlap([], [1]) is None


def test_rbo_weights_the_top_more_than_the_bottom() -> None:
    top = rank_biased_overlap([1, 2, 3, 4, 5], [2, 1, 3, 4, 5])
    bottom = rank_biased_overlap([1, 2, 3, 4, 5], [1, 2, 3, 5, 4])
    assert top is not None
    assert bottom is not None
    assert top < bottom < 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: delta_relative_improvement((0.5, float("nan")), (0.4, 0.5)),
        lambda: rmse(np.zeros(3), np.zeros(2)),
        lambda: nrmse(np.array([1.5]), np.array([0.5])),
        lambda: kendall_union([1, 1], [1, 2]),
        lambda: rank_biased_overlap([1], [1], 1.0),
    ],
)
def test_scores_and_rankings_that_cannot_be_compared_are_rejected(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"not finite|cannot pair|in \[0, 1\]|twice|between 0 and 1"):
        call()
