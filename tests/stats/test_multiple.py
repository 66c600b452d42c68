"""Holm's correction against statsmodels'."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from harness.stats.multiple import holm, holm_by_column


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_equal_statsmodels(p: list[float]) -> None:
    with patch("gc.collect"):  # statsmodels collects at every call: most of a second beside the objects of other tests
        expected = multipletests(p, method="holm")[1]
    assert holm(np.array(p)) == pytest.approx(expected, abs=1e-15)


def test_a_family_worked_out_by_hand() -> None:
    assert holm(np.array([0.04, 0.01, 0.03])).tolist() == pytest.approx([0.06, 0.03, 0.06])


def test_families_along_the_last_axis_are_independent() -> None:
    p = np.random.Generator(np.random.PCG64(1)).random((4, 6))
    assert holm(p).tolist() == [holm(row).tolist() for row in p]


@pytest.mark.parametrize("p", [[0.1, float("nan")], [-0.1], [1.1]])
def test_a_value_that_is_not_a_p_value_is_rejected(p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        holm(np.array(p))


def test_each_column_is_a_family_of_the_tests_that_are_known() -> None:
    p = np.array([[0.01, 0.04], [np.nan, 0.01], [0.02, 0.03]])
    assert holm_by_column(p)[:, 0] == pytest.approx([0.02, np.nan, 0.02], nan_ok=True)
    assert holm_by_column(p)[:, 1] == pytest.approx([0.06, 0.03, 0.06])
