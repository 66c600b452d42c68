"""One more training: the prediction interval of its mean score, and of its gain, over the same queries.

A published number is one training, scored on the queries that the run scores too: sampling of queries is no reason for
a difference, training seeds are. With S seeds whose means over the queries have standard deviation s (ddof 1), one
more training differs from the mean of the S by a normal deviate of variance s² (1 + 1/S), so that

    (mean of one more − mean of S) / (s √(1 + 1/S))      is Student's t with S − 1 degrees of freedom

(the prediction interval of one further observation; Hahn and Meeker 1991, chapter 4). For a gain, one more training of
each side, a and b, the variances add up, s_a² (1 + 1/S_a) + s_b² (1 + 1/S_b), with Satterthwaite's degrees of freedom;
languages are independent. More seeds narrow the interval to ± 1.96 √(s_a² + s_b²), never to 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.stats.align import Floats
from harness.stats.intervals import Estimate, averaged, independent_difference, over_seeds, student
from harness.stats.rules import LEVEL


def next_training(parts: Sequence[Floats], *, trained: bool) -> Estimate | None:
    """Return the predicted mean of one more training, averaged over languages; None for one seed of what is trained.

    `parts` has the scores of each language, [seeds, queries, columns]. What is not trained has no error.
    """
    if not trained:
        value = np.mean([values.mean(axis=(0, 1)) for values in parts], axis=0)
        return Estimate(value, np.zeros_like(value), np.full_like(value, np.inf))
    predictions = []
    for values in parts:
        estimate = over_seeds(values)
        if estimate is None:
            return None
        predictions.append(Estimate(estimate.value, estimate.error * math.sqrt(len(values) + 1), estimate.freedom))
    return averaged(predictions)


def reach(*sides: Estimate | None, level: float = LEVEL) -> float:
    """Return the half-width of the prediction interval of one entry, or of the difference of two, of one column.

    Infinite where the spread of a side is unknown (None).
    """
    known = [side for side in sides if side is not None]
    if len(known) < len(sides):
        return math.inf
    estimate = independent_difference(*known) if len(known) > 1 else known[0]
    return float((student((1 + level) / 2, estimate.freedom) * estimate.error)[0])
