"""Geometry of embeddings on the unit sphere: uniformity, alignment, anisotropy. All of unit vectors, in float64."""

from __future__ import annotations

import numpy as np

from harness.stats.align import Floats

QUANTITIES = ("uniformity", "alignment", "anisotropy")


def uniformity(vectors: Floats) -> float:
    """Return log of the mean over i < j of exp(−2 ‖x_i − x_j‖²); lower is more uniform.  [n, dim], n ≥ 2

    Wang & Isola 2020, arXiv 2005.10242, with t = 2, as in their code (SsnL/align_uniform). 0 where all vectors are
    equal, about −4 where they spread in many dimensions. For unit vectors ‖x − y‖² = 2 − 2 x·y.
    """
    squares = 2 - 2 * _pair_cosines(vectors)
    return float(np.log(np.exp(-2 * np.maximum(squares, 0)).mean()))


def alignment(left: Floats, right: Floats) -> float:
    """Return the mean of ‖x − y‖² over positive pairs; lower is closer, between 0 and 4.  [n, dim] each

    Wang & Isola 2020, arXiv 2005.10242, with α = 2, as in their code.
    """
    return float(((left - right) ** 2).sum(axis=1).mean())


def anisotropy(vectors: Floats) -> float:
    """Return the mean over i < j of x_i·x_j: how far random vectors share a direction; about 0 to 1.  [n, dim]

    Ethayarajh 2019, arXiv 1909.00512 (there for words in random contexts, here for passages).
    """
    return float(_pair_cosines(vectors).mean())


def _pair_cosines(vectors: Floats) -> Floats:
    """Return the cosines of all pairs i < j.  [n (n − 1) / 2]"""
    cosines: Floats = (vectors @ vectors.T)[np.triu_indices(len(vectors), k=1)]
    return cosines
