"""Compact letter displays: letters agree with what is shown, for any pattern of shown differences."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.letters import letters, share_letter


def display(shown: set[tuple[int, int]], order: list[int]) -> tuple[str, ...]:
    matrix = np.zeros((len(order), len(order)), dtype=np.bool_)
    for i, j in shown:
        matrix[i, j] = matrix[j, i] = True
    return letters(matrix, np.array(order))


def test_entries_of_which_nothing_is_shown_share_one_letter() -> None:
    assert display(set(), [0, 1, 2]) == ("a", "a", "a")


def test_entries_that_all_differ_have_a_letter_each_the_first_for_the_highest() -> None:
    assert display({(0, 1), (0, 2), (1, 2)}, [2, 0, 1]) == ("b", "c", "a")


def test_an_entry_between_two_that_differ_shares_a_letter_with_both() -> None:
    assert display({(0, 2)}, [0, 1, 2]) == ("a", "ab", "b")


def test_one_entry_has_the_first_letter() -> None:
    assert display(set(), [0]) == ("a",)


def test_after_z_letters_are_numbered() -> None:
    names = display({(i, j) for i in range(28) for j in range(i)}, list(range(28)))
    assert names[24:] == ("y", "z", "a1", "b1")
    assert not share_letter("a", "a1")
    assert share_letter("za1", "a1b1")


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9), st.randoms(use_true_random=False), st.floats(0, 1))
def test_two_entries_share_a_letter_exactly_where_no_difference_is_shown(count, random, density) -> None:  # type: ignore[no-untyped-def]
    pairs = {(i, j) for i in range(count) for j in range(i) if random.random() < density}
    order = random.sample(range(count), count)
    names = display(pairs, order)
    assert all(names)
    for i in range(count):
        for j in range(i):
            assert share_letter(names[i], names[j]) == ((i, j) not in pairs)


def test_a_hundred_entries_in_a_row_need_no_more_letters_than_entries() -> None:
    means = np.sort(np.random.Generator(np.random.PCG64(1)).random(100))[::-1]
    shown = np.abs(means[:, None] - means) > 0.1
    assert max(map(len, letters(shown, np.arange(100)))) <= 100
