"""Tests of all pairs at once equal those of each pair by itself."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from support.sign_flip import sign_flip

from harness.stats.pairwise import PairwiseTests


def scores(n: int, entries: int = 4, measures: int = 2) -> np.ndarray:
    """[queries, entries, measures] Eighths: sums are exact, and many differences tie."""
    generator = np.random.Generator(np.random.PCG64(n))
    shared = generator.integers(0, 9, (n, 1, measures))
    return np.asarray((shared + generator.integers(-1, 3, (n, entries, measures))) / 8)


@pytest.mark.parametrize("n", [1, 9, 12, 13, 60])
def test_the_p_of_a_pair_equals_that_of_its_differences_under_the_same_flips(n: int) -> None:
    values = scores(n)
    tests = PairwiseTests(values, seed=5)
    for other in range(4):
        alone = [sign_flip(values[:, i] - values[:, other], seed=5).tolist() for i in range(4)]
        assert tests.against(other).tolist() == alone


def test_an_entry_against_itself_has_p_1_and_two_entries_have_the_same_p_in_either_order() -> None:
    tests = PairwiseTests(scores(40), seed=5)
    assert tests.against(2)[2].tolist() == [1.0, 1.0]
    assert tests.against(0)[3].tolist() == tests.against(3)[0].tolist()


def test_one_measure_can_be_selected() -> None:
    tests = PairwiseTests(scores(40), seed=5)
    assert tests.against(1, 1).tolist() == tests.against(1)[:, 1].tolist()


def test_p_is_corrected_among_the_others_of_each_measure() -> None:
    tests = PairwiseTests(scores(40), seed=5)
    p, adjusted = tests.corrected(1)
    assert np.isnan([p[1], adjusted[1]]).all()
    for measure in range(2):
        expected = multipletests(p[[0, 2, 3], measure], method="holm")[1]
        assert adjusted[[0, 2, 3], measure] == pytest.approx(expected)


def test_a_single_entry_has_no_p() -> None:
    p, adjusted = PairwiseTests(scores(40, entries=1), seed=5).corrected(0)
    assert np.isnan([p, adjusted]).all()
