"""Effects and effect ratios from numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.stats.effect import effect, effect_ratio


def test_mean_and_standardised_difference() -> None:
    result = effect(np.array([[0.1], [0.2], [0.3]]))
    assert result.mean[0] == pytest.approx(0.2)
    assert result.standardised[0] == pytest.approx(2.0)  # 0.2 / 0.1


def test_wins_ties_and_losses_are_counted_by_the_threshold() -> None:
    differences = np.array([[0.02], [0.01], [0.0], [-0.005], [-0.3]])
    result = effect(differences, tie=0.01)
    assert (result.wins[0], result.ties[0], result.losses[0]) == (1, 3, 1)
    result = effect(differences)
    assert (result.wins[0], result.ties[0], result.losses[0]) == (2, 1, 2)


def test_a_constant_difference_has_no_standardised_size_instead_of_a_huge_one() -> None:
    assert np.isnan(effect(np.full((3, 1), 0.1)).standardised[0])
    assert np.isnan(effect(np.array([[0.1]])).standardised[0])


@given(arrays(np.float64, (7, 2), elements=st.floats(-1, 1)))
def test_every_query_is_a_win_a_tie_or_a_loss_and_negation_swaps_wins_and_losses(differences: np.ndarray) -> None:
    result, negated = effect(differences, tie=0.1), effect(-differences, tie=0.1)
    assert (result.wins + result.ties + result.losses == 7).all()
    assert (result.wins == negated.losses).all()


def test_nan_and_a_negative_threshold_are_rejected() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        effect(np.array([[np.nan]]))
    with pytest.raises(ValueError, match="cannot be negative"):
        effect(np.array([[0.1]]), tie=-1)


def test_the_effect_ratio_is_the_reproduced_share_of_the_gain() -> None:
    assert effect_ratio(0.04, 0.03) == pytest.approx(0.75)
    assert effect_ratio(0.04, -0.02) == pytest.approx(-0.5)


@pytest.mark.parametrize("original", [0.0, 1e-12, -0.0009])
def test_the_effect_ratio_to_nearly_nothing_is_undefined_instead_of_huge(original: float) -> None:
    assert effect_ratio(original, 0.03) is None


def test_the_effect_ratio_of_nan_is_rejected() -> None:
    with pytest.raises(ValueError, match="not finite"):
        effect_ratio(float("nan"), 0.1)
