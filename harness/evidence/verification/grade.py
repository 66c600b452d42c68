"""How well a cell came out again.

    bitwise      weights, ranking and scores are equal, bit for bit
    numerical    in the two rankings, no passage's score differs by more than BOUND, and no measure's mean by more than
                 the margin
    statistical  for every measure, the mean of the paired differences over queries is shown to lie within the margin
                 (two one-sided tests, α .05: harness.stats.equivalence)
    failed       none of these, or the stored scores are not those of the stored ranking, or it could not be run

Where one of the rankings is unknown (a folder published without it, and a new one with another sha256), `numerical`
cannot be told, and the grade is `statistical` or `failed`. A passage that one ranking lacks has there, at most, the
score of that ranking's last. Scores that are larger than 1 (BM25's) are compared relative to the largest of their
query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.stats.equivalence import tost_paired
from harness.stats.rules import MARGIN, is_equivalent
from harness.types import Scores

Word = Literal["bitwise", "numerical", "statistical", "failed"]
Run = Mapping[str, Mapping[str, float]]  # query id → passage id → score

BOUND = 1e-4  # of a cosine: a thousand roundings of float32; half precision's (4e-3 for bfloat16) are beyond it


@dataclass(frozen=True)
class Measured:
    """What a cell left: its weights' hashes (None: it has no model), its ranking (None: unknown), its scores."""

    weights: Mapping[str, str] | None
    run: Run | None
    scores: Scores


@dataclass(frozen=True)
class Grade:
    """The grade with what it rests on; distances are None where the two cannot be compared."""

    word: Word
    why: str
    weights_equal: bool = False
    run_equal: bool = False
    largest_score_difference: float | None = None
    largest_mean_difference: float | None = None  # over the measures, in their units


def failed(why: str) -> Grade:
    """Return the grade of a cell that could not be compared."""
    return Grade("failed", why)


def grade(stored: Measured, again: Measured, margin: float = MARGIN, bound: float = BOUND) -> Grade:
    """Return the grade of a cell that was run again."""
    weights, run = stored.weights == again.weights, _equal_runs(stored.run, again.run)
    if {name: set(values) for name, values in stored.scores.items()} != {
        name: set(values) for name, values in again.scores.items()
    }:
        return Grade("failed", "other measures or other queries were scored", weights, run)
    moved = {
        name: np.array([again.scores[name][query] - value for query, value in sorted(values.items())])
        for name, values in stored.scores.items()
    }
    same = not any(difference.any() for difference in moved.values())
    if weights and run and same:
        return Grade("bitwise", "weights and ranking are equal", True, True, 0.0, 0.0)
    distance = None if stored.run is None or again.run is None else largest_difference(stored.run, again.run)
    worst = max(moved, key=lambda name: abs(float(moved[name].mean())))
    mean = abs(float(moved[worst].mean()))
    found = (weights, run, distance, mean)
    if run and not same:
        return Grade("failed", "of equal rankings, the measures are not equal", *found)
    if distance is not None and distance <= bound and mean <= margin:
        return Grade("numerical", f"scores differ by {distance:.1e} at most (bound {bound:g})", *found)
    if len(moved[worst]) < 2:
        return Grade("failed", "scores differ, and one query shows no equivalence", *found)
    p = float(tost_paired(np.stack(list(moved.values()), axis=1), margin).max())
    if is_equivalent(p):
        return Grade("statistical", f"means differ by {mean:.4f} at most, within {margin:g} (p {p:.1e})", *found)
    why = f"the mean of {worst} differs by {mean:.4f}, not shown to be within {margin:g} (p {p:.2g})"
    return Grade("failed", why, *found)


def _equal_runs(one: Run | None, other: Run | None) -> bool:
    if one is None or other is None:
        return False
    return one.keys() == other.keys() and all(list(one[q].items()) == list(other[q].items()) for q in one)


def largest_difference(one: Run, other: Run) -> float:
    """Return the largest difference of a passage's scores between two rankings; infinite where queries differ."""
    if one.keys() != other.keys():
        return float("inf")
    return max((_of_query(one[query], other[query]) for query in one), default=0.0)


def _of_query(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if not one or not other:
        return 0.0 if one.keys() == other.keys() else float("inf")
    scale = max(1.0, *map(abs, one.values()), *map(abs, other.values()))
    last_of_one, last_of_other = min(one.values()), min(other.values())
    apart = [abs(score - other[doc]) if doc in other else max(0.0, score - last_of_other) for doc, score in one.items()]
    apart += [max(0.0, score - last_of_one) for doc, score in other.items() if doc not in one]
    return max(apart) / scale
