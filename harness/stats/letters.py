"""Compact letter displays: two entries share a letter exactly where their difference is not shown.

By insertion and absorption (Piepho 2004, DOI 10.1198/1061860043515): the first letter is given to all entries; every
difference that is shown splits each letter that both have into two, one without either entry; a letter whose entries
all share another is dropped. In the end a letter is dropped whose pairs all share other letters too.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_ALPHABET = 26


def letters(shown: NDArray[np.bool_], order: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the letters of each entry, for example "ab".  shown: [entries, entries], symmetric; order: [entries]

    `order` lists the entries by decreasing mean: letters are given out in this order, `a` to the highest. After `z`
    come `a1`, `b1`, …, so that `share_letter` can read any display.
    """
    place = np.argsort(order)  # entry → its place in the order
    columns = [(1 << len(order)) - 1]  # a letter as a set of places: bit i stands for the i-th entry in the order
    for first, second in zip(*np.nonzero(np.triu(shown[np.ix_(order, order)], k=1)), strict=True):
        columns = _split(columns, 1 << int(first), 1 << int(second))
    members = sorted([i for i in range(len(order)) if column >> i & 1] for column in columns)
    needed = _needed(members, len(order))
    return tuple("".join(_name(i) for i, column in enumerate(needed) if at in column) for at in place.tolist())


def _split(columns: list[int], first: int, second: int) -> list[int]:
    """Return the letters after the insertion of one difference: no letter has both entries, none is part of another."""
    both = first | second
    kept = [column for column in columns if column & both != both]
    for column in columns:
        if column & both == both:
            for half in (column & ~first, column & ~second):
                if not any(half & other == half for other in kept):
                    kept = [other for other in kept if other & half != other]
                    kept.append(half)
    return kept


def _needed(columns: list[list[int]], count: int) -> list[list[int]]:
    """Return the letters that are needed: a pair, or a single entry, has no other. Small ones are tried first."""
    shared = np.zeros((count, count), dtype=np.int64)  # how many letters have both
    for column in columns:
        shared[np.ix_(column, column)] += 1
    needed = list(columns)
    for column in sorted(columns, key=len):
        if (shared[np.ix_(column, column)] > 1).all():
            shared[np.ix_(column, column)] -= 1
            needed.remove(column)
    return needed


def _name(i: int) -> str:
    round_, letter = divmod(i, _ALPHABET)
    return f"{chr(ord('a') + letter)}{round_ or ''}"


def share_letter(first: str, second: str) -> bool:
    """Return whether two displays have a letter in common.

    >>> share_letter("ab", "bc"), share_letter("a", "a1")
    (True, False)
    """
    return not {*re.findall(r"[a-z]\d*", first)}.isdisjoint(re.findall(r"[a-z]\d*", second))
