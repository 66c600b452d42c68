"""Groups of queries: where they are cut, which of them are joined, and the difference of two entries within one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.query_groups import FEWEST, Group, bands, group_difference, thirds


def members(groups: Sequence[Group]) -> list[list[int]]:
    return [group.tolist() for group in groups]


def test_thirty_different_values_are_three_groups_of_ten() -> None:
    values = np.arange(30.0)[::-1]
    assert members(thirds(values)) == [list(range(20, 30)), list(range(10, 20)), list(range(10))]


def test_equal_values_are_in_the_group_of_the_middle_of_them() -> None:
    values = np.array([1.0] * 20 + [2.0] * 10 + [3.0] * 30)  # middles at 10, 25 and 45 of 60: thirds 0, 1 and 2
    assert members(thirds(values)) == [list(range(20)), list(range(20, 30)), list(range(30, 60))]
    values = np.array([1.0] * 24 + [2.0] * 12 + [3.0] * 12)  # middles at 12, 30 and 42 of 48: thirds 0, 1 and 2
    assert list(map(len, thirds(values))) == [24, 12, 12]
    values = np.array([1.0] * 45 + [2.0] * 15)  # middles at 22.5 and 52.5 of 60: thirds 1 and 2
    assert list(map(len, thirds(values))) == [45, 15]


def test_a_group_of_nine_joins_its_smaller_neighbour() -> None:
    values = np.array([1.0] * 20 + [2.0] * 9 + [3.0] * 31)
    assert members(thirds(values)) == [list(range(29)), list(range(29, 60))]


def test_equal_values_and_few_queries_are_one_group() -> None:
    assert members(thirds(np.ones(60))) == [list(range(60))]
    assert members(thirds(np.arange(19.0))) == [list(range(19))]


def test_bands_begin_at_their_starts_and_lower_values_join_the_first() -> None:
    values = np.array([0.0, *[1.0] * 10, *[2.0] * 5, *[3.0] * 5, *[4.0] * 5, *[17.0] * 5])
    assert members(bands(values, (1, 2, 4))) == [list(range(11)), list(range(11, 21)), list(range(21, 31))]


def test_a_last_band_of_nine_joins_the_one_before() -> None:
    values = np.array([1.0] * 12 + [2.0] * 30 + [4.0] * 9)
    assert members(bands(values, (1, 2, 4))) == [list(range(12)), list(range(12, 51))]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=90))
def test_groups_part_the_queries_in_ascending_values_and_none_is_small(numbers: list[int]) -> None:
    values = np.array(numbers, dtype=float)
    for groups in (thirds(values), bands(values, (1, 2, 4))):
        assert sorted(i for group in groups for i in group) == list(range(len(values)))
        ends = [(values[group].min(), values[group].max()) for group in groups]
        assert all(low[1] < high[0] for low, high in pairwise(ends))
        assert len(groups) == 1 or min(map(len, groups)) >= FEWEST


def test_the_difference_of_a_group_by_hand() -> None:
    new, old = np.array([[1.0, 0.0, 9.0, 1.0]]), np.array([[0.0, 0.0, 0.0, 0.0]])
    value, half = group_difference(new, old, np.array([0, 1, 3]))
    assert value == pytest.approx(2 / 3)
    # differences 1, 0, 1: variance 1/3, error √(1/3/3) = 1/3, Student's t of 2 degrees of freedom at .975: 4.3027
    assert half == pytest.approx(4.302653 / 3, rel=1e-6)


def test_the_spread_over_seeds_widens_the_interval() -> None:
    old = np.zeros((1, 12))
    same, apart = np.full((2, 12), 0.5), np.stack([np.full(12, 0.4), np.full(12, 0.6)])
    group = np.arange(12)
    assert group_difference(same, old, group) == (0.5, 0.0)
    value, half = group_difference(apart, old, group)
    assert value == pytest.approx(0.5)
    # seed means .4 and .6: error √(.02 / 2) = .1, Student's t of 1 degree of freedom at .975: 12.7062
    assert half == pytest.approx(1.27062, rel=1e-5)


def test_one_query_has_no_interval() -> None:
    value, half = group_difference(np.array([[0.5]]), np.array([[0.25]]), np.array([0]))
    assert value == 0.25
    assert math.isnan(half)
