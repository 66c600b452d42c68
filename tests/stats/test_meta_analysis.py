"""Random-effects meta-analysis against metafor's numbers, statsmodels', exact results, and its invariances."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

from harness.stats.heterogeneity import confidence_distribution, paule_mandel, weighted
from harness.stats.meta_analysis import Synthesis, pooled

PUBLISHED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("published_meta_analyses.json").read_text(encoding="utf-8")
)
"""Effects, variances and metafor's results; made by published_meta_analyses.R, with its root finder set to 1e-15."""

PS = {"p", "hartung_knapp_p"}
STUDIES = st.lists(st.tuples(st.floats(-1, 1), st.floats(1e-4, 1)), min_size=3, max_size=12)


def synthesis(name: str) -> Synthesis:
    return pooled(PUBLISHED[name]["yi"], PUBLISHED[name]["vi"])


def drawn(seed: int, k: int, tau: float) -> tuple[list[float], list[float]]:
    """Effects about 0.3 whose standard errors are from 0.1 to 0.45."""
    generator = np.random.Generator(np.random.PCG64(seed))
    variances = 0.01 * np.exp(generator.uniform(0, 3, k))
    return (0.3 + generator.standard_normal(k) * np.sqrt(variances + tau**2)).tolist(), variances.tolist()


@pytest.mark.parametrize("name", PUBLISHED)
def test_estimate_and_heterogeneity_equal_metafors(name: str) -> None:
    result, expected = synthesis(name), PUBLISHED[name]
    for field in ("estimate", "tau2", "i2", "q", "q_p"):
        assert getattr(result, field) == pytest.approx(expected[field], rel=1e-11, abs=1e-14), field


def hartung_knapp(result: Synthesis) -> tuple[float, float, float]:
    return result.hartung_knapp_low, result.hartung_knapp_high, result.hartung_knapp_p


@pytest.mark.parametrize("name", PUBLISHED)
def test_hartung_and_knapps_interval_and_p_equal_metafors_and_the_interval_contains_it(name: str) -> None:
    result = synthesis(name)
    assert hartung_knapp(result) == pytest.approx(PUBLISHED[name]["hartung_knapp"], rel=1e-11)
    assert result.low <= result.hartung_knapp_low < result.hartung_knapp_high <= result.high
    assert result.p >= result.hartung_knapp_p


def test_where_studies_agree_by_chance_the_interval_is_not_narrower_than_sampling_error_allows() -> None:
    result, (low, high, p) = synthesis("lidocaine"), PUBLISHED["lidocaine"]["wald"]
    assert result.hartung_knapp_high - result.hartung_knapp_low < 0.6 * (high - low)
    assert (result.low, result.high, result.p) == pytest.approx((low, high, p), rel=0.1)
    assert result.high - result.low > high - low


class Averaged:
    """Quantiles over the confidence distribution of τ², by root finding and quadrature over its probability."""

    def __init__(self, effects: Sequence[float], variances: Sequence[float], *, further: bool) -> None:
        self.y, self.v, self.further = np.array(effects), np.array(variances), further
        self.zero = float(stats.chi2.sf(self.moments(0.0)[2], len(self.y) - 1))

    def moments(self, t: float) -> tuple[float, float, float]:
        weights = 1 / (self.v + t)
        mean = float(weights @ self.y / weights.sum())
        spread = math.sqrt(1 / weights.sum() + (t if self.further else 0.0))
        return mean, spread, float(weights @ (self.y - mean) ** 2)

    def tau2(self, probability: float) -> float:
        target = float(stats.chi2.isf(probability, len(self.y) - 1))
        highest = 2 * float(((self.y - self.y.mean()) ** 2).sum()) / target
        return float(optimize.brentq(lambda t: target / self.moments(t)[2] - 1, 0.0, highest, xtol=1e-14 * highest))

    def below(self, x: float) -> float:
        def given(t: float) -> float:
            mean, spread, _ = self.moments(t)
            return float(stats.norm.cdf((x - mean) / spread))

        cuts = [self.zero + (1 - self.zero) * share for share in (0, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999, 1 - 1e-10)]
        parts = [
            integrate.quad(lambda u: given(self.tau2(u)), a, b, epsabs=1e-9, epsrel=1e-9)[0] for a, b in pairwise(cuts)
        ]
        return self.zero * given(0.0) + sum(parts)


@pytest.mark.parametrize("name", ["bcg", "lidocaine", "stroke"])
def test_bounds_of_mean_and_prediction_are_quantiles_by_quadrature(name: str) -> None:
    result, (effects, variances) = synthesis(name), (PUBLISHED[name]["yi"], PUBLISHED[name]["vi"])
    further, mean = (Averaged(effects, variances, further=further) for further in (True, False))
    assert further.below(PUBLISHED[name]["prediction"][0]) == pytest.approx(0.025, abs=1e-8)  # the reference is R's
    below_low, below_high = mean.below(result.low), mean.below(result.high)
    if result.low < result.hartung_knapp_low:
        assert below_low == pytest.approx(0.025, abs=1e-8)
    else:
        assert below_low <= 0.025
    if result.high > result.hartung_knapp_high:
        assert below_high == pytest.approx(0.975, abs=1e-8)
    else:
        assert below_high >= 0.975
    below = mean.below(0.0)
    assert result.p == pytest.approx(max(result.hartung_knapp_p, 2 * min(below, 1 - below)), rel=1e-5)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_prediction_interval_equals_the_integral_in_r_and_holds_metafors_that_takes_tau_as_known(name: str) -> None:
    result = synthesis(name)
    assert result.prediction_low is not None
    assert result.prediction_high is not None
    expected = PUBLISHED[name]["prediction"]  # R's is to 1e-12 of a probability
    assert (result.prediction_low, result.prediction_high) == pytest.approx(expected, rel=1e-8)
    usual = PUBLISHED[name]["usual_prediction"]
    assert result.prediction_low < usual[0]
    assert result.prediction_high > usual[1]


@pytest.mark.parametrize("k", [2, 3, 10, 50])
@pytest.mark.parametrize("tau", [0.0, 0.1, 3.0])
def test_numbers_equal_statsmodels_within_its_tolerance(k: int, tau: float) -> None:
    effects, variances = drawn(k, k, tau)
    result, expected = pooled(effects, variances), combine_effects(np.array(effects), np.array(variances))
    assert result.q == pytest.approx(expected.q)
    assert result.tau2 == pytest.approx(expected.tau2, rel=1e-4)
    assert result.estimate == pytest.approx(expected.mean_effect_re, rel=1e-4)
    half_width = float(stats.t.isf(0.025, k - 1) * expected.sd_eff_w_re_hksj)
    assert (result.hartung_knapp_high - result.hartung_knapp_low) / 2 == pytest.approx(half_width, rel=1e-4)


def test_statsmodels_returns_no_variance_between_studies_where_it_is_told_to_be_exact() -> None:
    lost = 0
    for seed in range(100):
        effects, variances = drawn(seed, 10, 0.5)
        assert pooled(effects, variances).tau2 > 0
        lost += combine_effects(np.array(effects), np.array(variances), atol=1e-12, maxiter=500).tau2 == 0
    assert lost > 0


@pytest.mark.parametrize("k", [2, 3, 8, 40])
@pytest.mark.parametrize("tau", [0.01, 0.2, 50.0])
def test_q_at_the_estimate_is_its_expectation(k: int, tau: float) -> None:
    effects, variances = map(np.array, drawn(k, k, tau))
    tau2 = paule_mandel(effects, variances)
    if tau2 == 0:
        assert weighted(effects, variances, 0.0).q[0] <= k - 1
    else:
        assert weighted(effects, variances, tau2).q[0] == pytest.approx(k - 1, rel=1e-12)


def test_of_equal_variances_hartung_and_knapps_interval_is_students_and_tau2_what_is_left() -> None:
    effects, variance = [0.1, 0.9, -0.4, 0.5], 0.04
    result, test = pooled(effects, [variance] * 4), stats.ttest_1samp(effects, 0)
    assert result.tau2 == pytest.approx(np.var(effects, ddof=1) - variance, rel=1e-12)
    assert result.i2 == pytest.approx(result.tau2 / (result.tau2 + variance), rel=1e-12)
    assert hartung_knapp(result) == pytest.approx((*test.confidence_interval(), test.pvalue), rel=1e-12)
    assert (result.low, result.high, result.p) == pytest.approx(hartung_knapp(result), rel=0.01)


@pytest.mark.parametrize("effects", [[0.1, 0.9, -0.4], [0.1, 0.9, -0.4, 0.5, 0.2, 0.3]])
def test_without_sampling_error_the_prediction_interval_is_that_of_one_further_normal_value(
    effects: Sequence[float],
) -> None:
    result, k = pooled(effects, [1e-12] * len(effects)), len(effects)
    half_width = stats.t.isf(0.025, k - 1) * np.std(effects, ddof=1) * math.sqrt(1 + 1 / k)
    expected = np.mean(effects) - half_width, np.mean(effects) + half_width
    assert (result.prediction_low, result.prediction_high) == pytest.approx(expected, rel=1e-9)


def test_the_prediction_interval_has_the_quantiles_of_draws_from_the_pivots() -> None:
    effects, variances = map(np.array, drawn(5, 4, 0.3))
    generator = np.random.Generator(np.random.PCG64(1))
    drawn_q = generator.chisquare(3, 100_000)
    low, high = np.zeros_like(drawn_q), np.full_like(drawn_q, 1e6)
    for _ in range(60):
        middle = (low + high) / 2
        above = weighted(effects, variances, middle).q > drawn_q
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    studies = weighted(effects, variances, low)
    further = studies.mean + generator.standard_normal(len(low)) * np.sqrt(studies.variance + low)
    result = pooled(effects.tolist(), variances.tolist())
    assert (further < result.prediction_low).mean() == pytest.approx(0.025, abs=0.002)
    assert (further > result.prediction_high).mean() == pytest.approx(0.025, abs=0.002)


@pytest.mark.parametrize("k", [3, 10, 200])
@pytest.mark.parametrize("tau", [0.0, 0.3, 100.0])
def test_the_confidence_distribution_sums_to_one_and_puts_the_p_of_cochrans_test_on_zero(k: int, tau: float) -> None:
    effects, variances = drawn(k, k, tau)
    tau2, probability = confidence_distribution(np.array(effects), np.array(variances))
    assert tau2[0] == 0
    assert probability[0] == pytest.approx(pooled(effects, variances).q_p, rel=1e-9)
    assert probability.sum() == pytest.approx(1, abs=1e-10)


def test_equal_effects_are_as_uncertain_as_their_sampling_error() -> None:
    result = pooled([0.3, 0.3, 0.3], [0.02, 0.02, 0.04])
    assert (result.tau2, result.i2, result.q_p) == (0, 0, 1)
    assert result.q == pytest.approx(0, abs=1e-12)
    half_width = stats.norm.isf(0.025) / math.sqrt(125)
    for low, high in ((result.low, result.high), (result.prediction_low, result.prediction_high)):
        assert (low, high) == pytest.approx((0.3 - half_width, 0.3 + half_width), rel=1e-6)
    assert result.p == pytest.approx(2 * stats.norm.sf(0.3 * math.sqrt(125)), rel=1e-9)


def test_effects_of_zero_give_an_interval_about_zero_and_p_of_one() -> None:
    result = pooled([0, 0], [0.01, 0.04])
    half_width = stats.norm.isf(0.025) / math.sqrt(125)
    assert (result.estimate, result.p) == (0, 1)
    assert (result.low, result.high) == pytest.approx((-half_width, half_width))


def test_two_studies_have_a_mean_with_its_interval_but_no_prediction() -> None:
    result = pooled([0.1, 0.5], [0.01, 0.01])
    assert result.tau2 == pytest.approx(0.07)
    assert (result.low, result.high) == pytest.approx((0.3 - 0.2 * 12.7062, 0.3 + 0.2 * 12.7062), rel=1e-6)
    assert (result.k, result.prediction_low, result.prediction_high) == (2, None, None)


@pytest.mark.parametrize(("seed", "tau"), [(3, 0.0), (4, 0.2), (5, 1.0)])
def test_p_is_five_percent_where_a_bound_is_zero(seed: int, tau: float) -> None:
    effects, variances = drawn(seed, 6, tau)
    low = pooled(effects, variances).low
    assert pooled([effect - low for effect in effects], variances).p == pytest.approx(0.05, rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(STUDIES, st.floats(-10, 10), st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_a_shift_moves_a_factor_scales_and_the_order_of_studies_changes_nothing(
    studies: list[tuple[float, float]], shift: float, factor: float, order: Any
) -> None:
    plain = pooled(*zip(*studies, strict=True))
    changed = [(factor * (effect + shift), factor**2 * variance) for effect, variance in studies]
    order.shuffle(changed)
    result = pooled(*zip(*changed, strict=True))
    moved = [
        plain.k,
        *(factor * (value + shift) for value in (plain.estimate, plain.low, plain.high)),
        *(factor * (value + shift) for value in (plain.hartung_knapp_low, plain.hartung_knapp_high)),
        *(factor**2 * plain.tau2, plain.i2, plain.q, plain.q_p),
        *(factor * (value + shift) for value in (plain.prediction_low, plain.prediction_high) if value is not None),
    ]
    unit = max(1.0, factor, factor**2) * 1e-9
    assert [value for name, value in vars(result).items() if name not in PS] == pytest.approx(moved, rel=1e-7, abs=unit)


@settings(deadline=None, max_examples=50)
@given(STUDIES)
def test_every_number_is_finite_and_in_its_range(studies: list[tuple[float, float]]) -> None:
    result = pooled(*zip(*studies, strict=True))
    assert all(map(math.isfinite, astuple(result)))
    assert result.low < result.estimate < result.high
    assert result.tau2 >= 0
    assert 0 <= result.i2 < 1
    assert 0 <= result.p <= 1


@pytest.mark.parametrize(
    ("effects", "variances", "message"),
    [
        ([], [], "pooling needs at least 2 studies, got 0"),
        ([0.1], [0.01], "pooling needs at least 2 studies, got 1: show a single study as it is"),
        ([0.1, 0.2], [0.01], "2 effects but 1 variances"),
        ([0.1, math.nan], [0.01, 0.01], "study 2 is not finite: effect nan, variance 0.01"),
        ([math.inf, 0.1], [0.01, 0.01], "study 1 is not finite: effect inf"),
        ([0.1, 0.2], [0.01, math.nan], "study 2 is not finite: effect 0.2, variance nan"),
        ([0.1, 0.2], [math.inf, 0.01], "study 1 is not finite"),
        ([1e200, 0.1], [0.01, 0.01], "study 1 is not finite"),
        ([0.1, 0.2, 0.3], [0.01, 0.01, 0.0], "study 3 has the variance 0.0: not positive"),
        ([0.1, 0.2], [-0.01, 0.01], "study 1 has the variance -0.01: not positive"),
        ([0.1, 0.2], [0.01, 1e-30], "study 2 has the variance 1e-30: not positive, or rounding"),
        ([0.0, 0.0], [0.01, 0.0], "study 2 has the variance 0.0: not positive"),
    ],
)
def test_what_cannot_be_pooled_is_rejected_with_the_study(
    effects: list[float], variances: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        pooled(effects, variances)
