"""Intervals of ranks, from the differences that are shown."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.stats.ranks import rank_intervals


def intervals(means: list[float], least: float) -> tuple[list[int], list[int]]:
    """Return the best and worst ranks where differences above `least` are shown."""
    difference = np.subtract.outer(np.array(means), np.array(means))
    best, worst = rank_intervals(difference, np.abs(difference) > least)
    return best.tolist(), worst.tolist()


def test_ranks_are_known_where_every_difference_is_shown() -> None:
    assert intervals([0.1, 0.3, 0.2], 0.05) == ([3, 1, 2], [3, 1, 2])


def test_nothing_is_known_where_no_difference_is_shown() -> None:
    assert intervals([0.1, 0.3, 0.2], 0.5) == ([1, 1, 1], [3, 3, 3])


def test_nearly_equal_entries_share_wide_ranks_and_a_clear_winner_does_not() -> None:
    assert intervals([0.9, 0.5, 0.51, 0.49], 0.1) == ([1, 2, 2, 2], [1, 4, 4, 4])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_without_noise_the_interval_goes_from_scipys_lowest_to_its_highest_rank(means: list[int]) -> None:
    best, worst = intervals([float(mean) for mean in means], 0.0)
    assert best == stats.rankdata(np.negative(means), method="min").tolist()
    assert worst == stats.rankdata(np.negative(means), method="max").tolist()
