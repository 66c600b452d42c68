"""Decisions of the gate from known scores; how often they are wrong is in test_gate_study."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from support.simulated_scores import Spread, additive

from harness.stats.regressions import Comparison, Decision, decide


def scores(seed: int, *, seeds: int = 5, n: int = 213, spread: float = 0.005) -> np.ndarray:
    """One entry's scores: the queries are the same whatever the seed.  [seeds, n]"""
    queries = additive(np.random.Generator(np.random.PCG64(0)), (1, 1, n), Spread(0.3, 0.0, 0.0))[0]
    noise = additive(np.random.Generator(np.random.PCG64(seed)), (1, seeds, n), Spread(0.0, spread, 0.05))[0]
    return 0.5 + queries + noise


def family(*losses: float) -> list[Comparison]:
    return [Comparison(f"e{i}/ko", scores(100 + i) - loss, scores(200 + i)) for i, loss in enumerate(losses)]


def verdicts(decisions: list[Decision]) -> list[str]:
    return [decision.verdict for decision in decisions]


def test_only_a_loss_shown_to_be_beyond_the_margin_is_a_regression() -> None:
    decisions = decide(family(0.0, 0.08, 0.0))
    assert verdicts(decisions) == ["same", "regression", "same"]
    assert decisions[1].high < -0.01


def test_a_loss_shown_but_not_beyond_the_margin_is_a_warning() -> None:
    [decision] = decide(family(0.02), margin=0.02)
    assert decision.verdict == "warning"
    assert -0.02 < decision.high < 0
    assert decide(family(0.02), margin=0.001)[0].verdict == "regression"


def test_a_shown_gain_is_an_improvement() -> None:
    [decision] = decide(family(-0.08))
    assert decision.verdict == "improvement"
    assert decision.low > 0


def test_equal_scores_are_the_same() -> None:
    [decision] = decide([Comparison("base/ko", scores(1), scores(1))])
    assert (decision.verdict, decision.difference) == ("same", 0.0)
    fixed = Comparison("bm25/ko", scores(1)[:1], scores(1)[:1], trained=False)
    [decision] = decide([fixed])
    assert (decision.verdict, decision.low, decision.high, decision.p_loss) == ("same", 0.0, 0.0, 1.0)


def test_an_equal_loss_on_every_query_of_an_untrained_entry_is_a_regression() -> None:
    old = scores(1)[:1]
    [decision] = decide([Comparison("bm25/ko", old - 0.02, old, trained=False)])
    assert decision.verdict == "regression"
    assert not decision.blind


def test_one_seed_of_a_trained_entry_is_marked_blind_to_the_spread() -> None:
    [decision] = decide([Comparison("mnrl/ko", scores(1), scores(2)[:1])])
    assert decision.blind
    assert decision.spread_ratio is None


def test_a_loss_within_the_spread_over_seeds_is_not_a_regression() -> None:
    queries = scores(0, seeds=1, spread=0.0)
    old = queries + np.array([0.03, -0.03, 0.02, -0.02, 0.0])[:, None]
    new = queries - 0.02 + np.array([0.03, -0.03, 0.02, -0.02, 0.0])[:, None]
    assert decide([Comparison("noisy/ko", new, old)])[0].verdict == "same"
    averaged = Comparison("noisy/ko", new.mean(axis=0)[None], old.mean(axis=0)[None])
    assert decide([averaged])[0].verdict == "regression"  # the verdict of a test over queries only


def test_seeds_that_spread_forty_times_more_at_the_same_level_are_a_changed_spread() -> None:
    queries = scores(0, seeds=1, spread=0.0)
    steps = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])[:, None]
    [decision] = decide([Comparison("mnrl/ko", queries + 0.02 * steps, queries + 0.0005 * steps)])
    assert decision.verdict == "spread"
    assert decision.spread_ratio == pytest.approx(40)


def test_p_of_one_comparison_without_seeds_equals_scipys_one_sided_paired_t_test() -> None:
    new, old = scores(1)[:1] - 0.01, scores(2)[:1]
    [decision] = decide([Comparison("bm25/ko", new, old, trained=False)], margin=0.004)
    loss = stats.ttest_rel(new[0], old[0], alternative="less")
    assert decision.p_loss == pytest.approx(loss.pvalue)
    assert decision.p_regression == pytest.approx(stats.ttest_rel(new[0] + 0.004, old[0], alternative="less").pvalue)
    assert decision.high == pytest.approx(loss.confidence_interval(0.95).high)


def test_p_values_of_a_family_equal_statsmodels_holm_of_the_single_ones() -> None:
    pairs = family(0.0, 0.02, 0.01, 0.03)
    alone = [decide([pair])[0].p_loss for pair in pairs]
    together = [decision.p_loss for decision in decide(pairs)]
    assert together == pytest.approx(multipletests(alone, method="holm")[1])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.1, 0.1), st.integers(0, 50)), min_size=1, max_size=6),
    st.floats(0.0, 0.03),
)
def test_bound_and_decision_never_disagree(entries: list[tuple[float, int]], margin: float) -> None:
    pairs = [
        Comparison(f"e{i}", scores(seed, seeds=3, n=20) - loss, scores(seed + 100, seeds=3, n=20))
        for i, (loss, seed) in enumerate(entries)
    ]
    for decision in decide(pairs, margin):
        if abs(decision.high + margin) > 1e-9:
            assert (decision.p_regression <= 0.05) == (decision.high < -margin)
        if abs(decision.high) > 1e-9:
            assert (decision.p_loss <= 0.05) == (decision.high < 0)
        if abs(decision.low) > 1e-9:
            assert (decision.p_gain <= 0.05) == (decision.low > 0)
        assert decision.low <= decision.difference <= decision.high
        assert decision.p_regression >= decision.p_loss


def test_more_comparisons_widen_the_bounds_and_raise_the_detectable_loss() -> None:
    alone, among = decide(family(0.02))[0], decide(family(0.02, *[0.0] * 20))[0]
    assert among.high > alone.high
    assert among.detectable > alone.detectable


def test_the_detectable_loss_is_beyond_the_margin_and_grows_with_the_noise() -> None:
    calm, noisy = (
        decide([Comparison("e", scores(1, spread=spread), scores(2, spread=spread))])[0].detectable
        for spread in (0.001, 0.02)
    )
    assert 0.01 < calm < noisy


def test_an_empty_family_a_negative_margin_and_unpaired_queries_are_rejected() -> None:
    with pytest.raises(ValueError, match="no comparison"):
        decide([])
    with pytest.raises(ValueError, match="cannot be negative"):
        decide(family(0.0), margin=-0.01)
    with pytest.raises(ValueError, match="cannot pair"):
        decide([replace(family(0.0)[0], old=scores(1, n=212))])
    with pytest.raises(ValueError, match="must be finite"):
        decide([replace(family(0.0)[0], new=np.full((5, 213), np.nan))])
