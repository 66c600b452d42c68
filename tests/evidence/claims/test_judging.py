"""The rule of the verdicts: every cell of its table, reached from numbers."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from scipy import stats
from support.verdict_study import Truth, rates, simulated

from harness.evidence.claims import judging
from harness.evidence.claims.judging import Gain, Level, gain_of, judge, level_of
from harness.stats.intervals import difference

LEVELS = {
    "same": Level(published=0.67, measured=0.679, reach=0.0),
    "open": Level(published=0.67, measured=0.69, reach=0.03),
    "other": Level(published=0.67, measured=0.72, reach=0.03),
}
GAINS = {
    "none": None,
    "size": Gain(claimed=0.02, measured=0.025, low=0.01, high=0.04, detectable=0.02, reach=0.009),
    "unsized": Gain(claimed=0.02, measured=0.025, low=0.01, high=0.04, detectable=0.02, reach=0.011),
    "sign": Gain(claimed=0.02, measured=0.06, low=0.04, high=0.08, detectable=0.03, reach=0.03),
    "against": Gain(claimed=0.02, measured=-0.01, low=-0.02, high=0.0, detectable=0.015, reach=0.02),
    "open": Gain(claimed=0.02, measured=0.01, low=-0.01, high=0.03, detectable=0.029, reach=0.03),
}


@pytest.mark.parametrize(
    ("level", "gain", "verdict"),
    [
        ("same", "none", "reproduced"),
        ("same", "size", "reproduced"),
        ("same", "unsized", "direction only"),
        ("same", "sign", "direction only"),
        ("same", "against", "not reproduced"),
        ("same", "open", "inconclusive (underpowered)"),
        ("open", "none", "inconclusive (underpowered)"),
        ("open", "size", "reproduced"),
        ("open", "unsized", "direction only"),
        ("open", "sign", "direction only"),
        ("open", "against", "not reproduced"),
        ("open", "open", "inconclusive (underpowered)"),
        ("other", "none", "not reproduced"),
        ("other", "size", "direction only"),
        ("other", "unsized", "direction only"),
        ("other", "sign", "direction only"),
        ("other", "against", "not reproduced"),
        ("other", "open", "inconclusive (underpowered)"),
    ],
)
def test_each_level_and_gain_has_its_verdict(level: str, gain: str, verdict: str) -> None:
    gained = GAINS[gain]
    assert LEVELS[level].judged() == level
    assert gained is None or gained.judged() == gain
    assert judge(LEVELS[level], gained) == verdict


def test_the_table_has_every_state() -> None:
    states = {(level, gain) for level in get_args(judging.Levels) for gain in get_args(judging.Gains)}
    assert set(judging.TABLE) == states
    assert set(judging.TABLE.values()) | {"not comparable", ""} == set(get_args(judging.Word))


@pytest.mark.parametrize(
    ("claimed", "low", "high", "reach", "state"),
    [
        (-0.05, -0.07, -0.04, 0.02, "size"),  # a loss can be claimed and reproduced
        (-0.05, -0.03, -0.01, 0.02, "sign"),
        (-0.05, 0.01, 0.03, 0.09, "against"),  # the opposite is shown, whatever one training could give
        (0.05, -0.01, 0.02, 0.03, "against"),  # no gain is shown, and the claimed one is out of reach
        (0.05, -0.01, 0.02, 0.05, "open"),
        (0.05, -0.04, -0.01, 0.03, "against"),
        (0.05, 0.02, 0.04, 0.0249, "size"),
        (0.05, 0.02, 0.04, 0.0251, "unsized"),  # half of the claim would fit too
        (0.05, 0.0485, 0.0496, 0.0, "size"),  # neither side is trained: within a tenth of a point
        (0.05, 0.0480, 0.0490, 0.0, "sign"),
        (0.0, -0.008, 0.009, 0.0, "size"),  # no gain claimed, none beyond the margin
        (0.0, -0.02, 0.03, 0.006, "open"),
        (0.0, -0.02, 0.03, 0.004, "against"),
        (0.0005, 0.02, 0.03, 0.01, "against"),
        (0.02, math.nan, math.nan, 0.01, "open"),  # one query
        (0.02, 0.01, 0.04, math.inf, "open"),  # one seed of a trained entry
    ],
)
def test_a_gain_is_judged_by_its_interval_and_by_the_reach_of_one_more_training(
    claimed: float, low: float, high: float, reach: float, state: str
) -> None:
    assert Gain(claimed, (low + high) / 2, low, high, detectable=0.02, reach=reach).judged() == state


def test_the_effect_ratio_is_undefined_where_no_gain_is_claimed() -> None:
    assert Gain(0.02, 0.03, 0.0, 0.05, 0.02, 0.01).ratio == pytest.approx(1.5)
    assert Gain(0.0001, 0.03, 0.0, 0.05, 0.02, 0.01).ratio is None


def seed_scores(means: list[float], queries: int = 40) -> np.ndarray:
    """Return scores of seeds with these means.  [seeds, queries, 1]"""
    spread = np.linspace(-0.1, 0.1, queries)
    return (np.array(means)[:, None] + spread)[:, :, None]


def test_the_reach_of_a_gain_is_the_prediction_interval_of_one_more_training_of_each_side() -> None:
    new, old = seed_scores([0.60, 0.64, 0.65]), seed_scores([0.50, 0.51, 0.53, 0.50])
    a, b = np.var([0.60, 0.64, 0.65], ddof=1) * (1 + 1 / 3), np.var([0.50, 0.51, 0.53, 0.50], ddof=1) * (1 + 1 / 4)
    freedom = (a + b) ** 2 / (a**2 / 2 + b**2 / 3)
    gained = gain_of(0.1, ([new], [old]), trained=(True, True))
    assert gained.reach == pytest.approx(stats.t.ppf(0.975, freedom) * (a + b) ** 0.5, rel=1e-12)
    assert (gained.low, gained.high) == tuple(float(x[0]) for x in difference(new, old).interval())


def test_of_two_languages_the_reach_is_that_of_their_average() -> None:
    korean, hindi = [0.60, 0.64, 0.65], [0.40, 0.41, 0.45]
    level = level_of(0.5, [seed_scores(korean), seed_scores(hindi)], trained=True)
    a, b = (np.var(means, ddof=1) * (1 + 1 / 3) / 4 for means in (korean, hindi))
    freedom = (a + b) ** 2 / (a**2 / 2 + b**2 / 2)
    assert level.reach == pytest.approx(stats.t.ppf(0.975, freedom) * (a + b) ** 0.5, rel=1e-12)


def test_the_prediction_interval_holds_95_percent_of_further_trainings() -> None:
    generator = np.random.Generator(np.random.PCG64(3))
    inside = 0
    for _ in range(2000):
        means = generator.normal(0.5, 0.01, 5)
        level = level_of(float(generator.normal(0.5, 0.01)), [seed_scores(list(means), 2)], trained=True)
        inside += abs(level.measured - level.published) <= level.reach
    assert 0.935 <= inside / 2000 <= 0.965


def test_what_is_not_trained_has_no_reach_and_one_seed_of_what_is_has_no_bound() -> None:
    scores = [seed_scores([0.6])]
    assert level_of(0.6, scores, trained=False).reach == 0.0
    assert level_of(0.6, scores, trained=True).reach == math.inf
    assert gain_of(0.1, (scores, [seed_scores([0.5, 0.6])]), trained=(False, True)).reach < math.inf
    assert gain_of(0.1, (scores, [seed_scores([0.5, 0.6])]), trained=(True, True)).reach == math.inf


@pytest.mark.parametrize("seeds", [2, 5, 50])
def test_verdicts_are_rarely_wrong_however_many_seeds_a_run_has(seeds: int) -> None:
    shares = rates(simulated(Truth(0.04, query_sd=0.15, seed_sd=0.004, interaction_sd=0.05), seeds, studies=200))
    assert shares["exact"].get("not reproduced", 0) <= 0.05
    for kind in ("opposite", "twice", "none"):
        assert shares[kind].get("reproduced", 0) <= 0.05
    if seeds == 50:
        assert shares["exact"]["reproduced"] > 0.4
        assert shares["opposite"]["not reproduced"] > 0.9
