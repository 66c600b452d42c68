"""How well a rerun cell reproduces its record.

    bitwise      weights, ranking and scores are equal, bit for bit
    numerical    no passage's score differs by more than BOUND between the rankings, and no measure's mean by more than
                 the margin
    statistical  for every measure, the mean of the paired differences over queries is shown to lie within the margin
                 (two one-sided tests, α .05: harness.stats.equivalence)
    failed       none of these, or the stored scores are not those of the stored ranking, or the cell could not be run

If a ranking is unknown (a folder published without it, and a rerun with another sha256), `numerical` cannot be decided,
and the grade is `statistical` or `failed`. A passage that one ranking lacks has at most the score of that ranking's
last passage. Scores above 1 (BM25's) are compared relative to the largest score of their query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from harness.stats.equivalence import tost_paired
from harness.stats.rules import MARGIN, is_equivalent
from harness.types import Scores

Word = Literal["bitwise", "numerical", "statistical", "failed"]
WORDS: tuple[Word, ...] = get_args(Word)  # the best first
Run = Mapping[str, Mapping[str, float]]  # query id → passage id → score

BOUND = 1e-4  # of a cosine: a thousand roundings of float32; half precision's (4e-3 for bfloat16) are beyond it


@dataclass(frozen=True)
class Measured:
    """What a cell left: the hashes of its weights (None: no model), its ranking (None: unknown), its scores."""

    weights: Mapping[str, str] | None
    run: Run | None
    scores: Scores


@dataclass(frozen=True)
class Grade:
    """The grade and its basis; distances are None if the two cannot be compared."""

    word: Word
    why: str
    weights_equal: bool = False
    run_equal: bool = False
    largest_score_difference: float | None = None
    largest_mean_difference: float | None = None  # over the measures, in their units


def failed(why: str) -> Grade:
    """Return the grade of a cell that could not be compared."""
    return Grade("failed", why)


def grade(stored: Measured, rerun: Measured, margin: float = MARGIN, bound: float = BOUND) -> Grade:
    """Return the grade of a rerun cell."""
    weights, run = stored.weights == rerun.weights, _equal_runs(stored.run, rerun.run)
    if {name: set(values) for name, values in stored.scores.items()} != {
        name: set(values) for name, values in rerun.scores.items()
    }:
        return Grade("failed", "other measures or other queries were scored", weights, run)
    moved = {
        name: np.array([rerun.scores[name][query] - value for query, value in sorted(values.items())])
        for name, values in stored.scores.items()
    }
    same = not any(difference.any() for difference in moved.values())
    if weights and run and same:
        return Grade("bitwise", "weights and ranking are equal", True, True, 0.0, 0.0)
    distance = None if stored.run is None or rerun.run is None else largest_difference(stored.run, rerun.run)
    worst = max(moved, key=lambda name: abs(float(moved[name].mean())))
    mean = abs(float(moved[worst].mean()))
    basis = (weights, run, distance, mean)
    if run and not same:
        return Grade("failed", "rankings are equal, but the measures are not", *basis)
    if distance is not None and distance <= bound and mean <= margin:
        return Grade("numerical", f"scores differ by {distance:.1e} at most (bound {bound:g})", *basis)
    if len(moved[worst]) < 2:
        return Grade("failed", "scores differ, and one query shows no equivalence", *basis)
    p = float(tost_paired(np.stack(list(moved.values()), axis=1), margin).max())
    if is_equivalent(p):
        return Grade("statistical", f"means differ by {mean:.4f} at most, within {margin:g} (p {p:.1e})", *basis)
    why = f"the mean of {worst} differs by {mean:.4f}, not shown to be within {margin:g} (p {p:.2g})"
    return Grade("failed", why, *basis)


def _equal_runs(first: Run | None, second: Run | None) -> bool:
    if first is None or second is None:
        return False
    return first.keys() == second.keys() and all(
        list(first[query].items()) == list(second[query].items()) for query in first
    )


def largest_difference(first: Run, second: Run) -> float:
    """Return the largest difference of a passage's scores between two rankings; infinite if queries differ."""
    if first.keys() != second.keys():
        return float("inf")
    return max((_query_difference(first[query], second[query]) for query in first), default=0.0)


def _query_difference(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    if not first or not second:
        return 0.0 if first.keys() == second.keys() else float("inf")
    scale = max(1.0, *map(abs, first.values()), *map(abs, second.values()))
    last_first, last_second = min(first.values()), min(second.values())
    distances = [
        abs(score - second[doc]) if doc in second else max(0.0, score - last_second) for doc, score in first.items()
    ]
    distances += [max(0.0, score - last_first) for doc, score in second.items() if doc not in first]
    return max(distances) / scale
