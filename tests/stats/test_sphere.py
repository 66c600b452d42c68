"""Uniformity, alignment and anisotropy against their definitions, pair by pair in float64."""

import math
from itertools import combinations

import numpy as np
import pytest

from harness.stats.align import Floats
from harness.stats.sphere import alignment, anisotropy, uniformity

AXES = np.array([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0]])  # squared distances 2, 4, 2; cosines 0, -1, 0


def unit(n: int, dimension: int, seed: int) -> Floats:
    generator = np.random.Generator(np.random.PCG64(seed))
    vectors = generator.standard_normal((n, dimension)) + 0.5
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_values_of_three_vectors_are_as_worked_out_by_hand() -> None:
    assert uniformity(AXES) == pytest.approx(math.log((2 * math.exp(-4) + math.exp(-8)) / 3), abs=1e-15)
    assert anisotropy(AXES) == pytest.approx(-1 / 3, abs=1e-15)
    assert alignment(AXES, AXES[[1, 1, 0]]) == pytest.approx((2 + 0 + 4) / 3, abs=1e-15)


def test_the_values_equal_their_definitions_pair_by_pair() -> None:
    vectors, others = unit(60, 16, seed=1), unit(60, 16, seed=2)
    potentials = [math.exp(-2 * float(((x - y) ** 2).sum())) for x, y in combinations(vectors, 2)]
    assert uniformity(vectors) == pytest.approx(math.log(math.fsum(potentials) / len(potentials)), abs=1e-12)
    cosines = [float(x @ y) for x, y in combinations(vectors, 2)]
    assert anisotropy(vectors) == pytest.approx(math.fsum(cosines) / len(cosines), abs=1e-13)
    distances = [float(((x - y) ** 2).sum()) for x, y in zip(vectors, others, strict=True)]
    assert alignment(vectors, others) == pytest.approx(math.fsum(distances) / 60, abs=1e-13)


def test_equal_vectors_have_uniformity_0_alignment_0_and_anisotropy_1() -> None:
    same = np.tile(unit(1, 8, seed=3), (5, 1))
    assert uniformity(same) == pytest.approx(0, abs=1e-12)
    assert alignment(same, same) == 0
    assert anisotropy(same) == pytest.approx(1, abs=1e-12)


def test_spread_vectors_are_more_uniform_and_less_anisotropic() -> None:
    narrow, wide = unit(200, 64, seed=4) * 0.1 + 0.2, unit(200, 64, seed=4) - 0.08
    narrow, wide = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (narrow, wide))
    assert -4.1 < uniformity(wide) < uniformity(narrow) < 0
    assert anisotropy(wide) < anisotropy(narrow)
