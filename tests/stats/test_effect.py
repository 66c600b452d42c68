"""Effects from numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.stats.effect import effect


def test_mean_and_standardised_difference() -> None:
    found = effect(np.array([[0.1], [0.2], [0.3]]))
    assert found.mean[0] == pytest.approx(0.2)
    assert found.standardised[0] == pytest.approx(2.0)  # 0.2 / 0.1


def test_wins_ties_and_losses_are_counted_by_the_threshold() -> None:
    differences = np.array([[0.02], [0.01], [0.0], [-0.005], [-0.3]])
    found = effect(differences, tie=0.01)
    assert (found.wins[0], found.ties[0], found.losses[0]) == (1, 3, 1)
    found = effect(differences)
    assert (found.wins[0], found.ties[0], found.losses[0]) == (2, 1, 2)


def test_a_constant_difference_has_no_standardised_size_not_a_huge_one() -> None:
    assert np.isnan(effect(np.full((3, 1), 0.1)).standardised[0])
    assert np.isnan(effect(np.array([[0.1]])).standardised[0])


@given(arrays(np.float64, (7, 2), elements=st.floats(-1, 1)))
def test_every_query_is_a_win_a_tie_or_a_loss_and_turning_the_sign_swaps_them(differences: np.ndarray) -> None:
    found, turned = effect(differences, tie=0.1), effect(-differences, tie=0.1)
    assert (found.wins + found.ties + found.losses == 7).all()
    assert (found.wins == turned.losses).all()


def test_nan_and_a_negative_threshold_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        effect(np.array([[np.nan]]))
    with pytest.raises(ValueError, match="cannot be negative"):
        effect(np.array([[0.1]]), tie=-1)
