"""Ranks, their intervals and tie groups."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.stats.ranks import rank_intervals, ranks, tie_groups


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_ranks_equal_scipys_with_the_better_rank_shared(means: list[int]) -> None:
    assert ranks(np.array(means, dtype=float)).tolist() == stats.rankdata(np.negative(means), method="min").tolist()


def test_an_interval_of_ranks_covers_the_central_part_of_the_resamples() -> None:
    draws = np.array([[3.0, 2.0, 1.0]] * 97 + [[1.0, 2.0, 3.0]] * 3)
    best, worst = rank_intervals(draws)
    assert best.tolist() == [1, 2, 1]
    assert worst.tolist() == [3, 2, 3]
    best, worst = rank_intervals(draws, level=0.9)
    assert (best.tolist(), worst.tolist()) == ([1, 2, 3], [1, 2, 3])


def test_nearly_equal_entries_share_wide_ranks_and_a_clear_winner_does_not() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    best, worst = rank_intervals(np.array([0.9, 0.5, 0.5, 0.5]) + 0.02 * generator.standard_normal((2_000, 4)))
    assert (best.tolist(), worst.tolist()) == ([1, 2, 2, 2], [1, 4, 4, 4])


def table(p: dict[tuple[int, int], float], size: int):  # type: ignore[no-untyped-def]
    full = np.ones((size, size))
    for (i, j), value in p.items():
        full[i, j] = full[j, i] = value
    return lambda other: full[other]


def test_a_group_holds_the_entries_not_shown_to_differ_from_its_best() -> None:
    means = np.array([0.5, 0.9, 0.88, 0.49])
    apart = table({(1, 0): 0.001, (1, 3): 0.001, (2, 0): 0.001, (2, 3): 0.001}, 4)
    assert tie_groups(means, apart).tolist() == [2, 1, 1, 2]


def test_a_difference_not_shown_after_holms_correction_does_not_split_a_group() -> None:
    means = np.array([0.9, 0.8, 0.7])
    assert tie_groups(means, table({(0, 1): 0.04, (0, 2): 0.04}, 3)).tolist() == [1, 1, 1]
    assert tie_groups(means, table({(0, 1): 0.04, (0, 2): 0.02}, 3)).tolist() == [1, 2, 2]


def test_every_entry_has_a_group_of_its_own_where_all_differ() -> None:
    assert tie_groups(np.array([0.1, 0.3, 0.2]), lambda other: np.zeros(3)).tolist() == [3, 1, 2]


def test_a_single_entry_has_group_1_and_rank_1() -> None:
    assert tie_groups(np.array([0.5]), lambda other: np.ones(1)).tolist() == [1]
    assert ranks(np.array([0.5])).tolist() == [1]
