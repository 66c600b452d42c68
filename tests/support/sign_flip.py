"""The sign-flip test of one paired difference, as harness.stats.permutation defines it, without its shared flips."""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats, finite
from harness.stats.permutation import DRAWS, draw_flips, flipped_means, p_values


def sign_flip(differences: Floats, seed: int, draws: int = DRAWS) -> Floats:
    """Return the two-sided p of the mean of each column of `differences` [queries, columns].  [columns]"""
    differences = finite(differences, 2)
    flips = draw_flips(len(differences), seed, draws)
    size = np.abs(differences).mean(axis=0)
    return p_values(differences.mean(axis=0), flipped_means(differences, flips), size, flips.exact)
