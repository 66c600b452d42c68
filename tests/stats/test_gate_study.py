"""The gate raises a false alarm in at most 5 % of null folders and catches 80 % of the losses that it calls detectable.

Two common rules do neither.
"""

import numpy as np
import pytest
from support.gate_study import (
    Injection,
    Pool,
    false_alarms,
    fixed_tolerance,
    null_comparisons,
    power,
    regressions,
    scattered,
    shifted,
    unpaired_z,
)
from support.simulated_scores import ranked

from harness.stats.regressions import Comparison, decide


def pool(seed_sd: float = 0.01, seeds: int = 12, n: int = 240) -> Pool:
    """Four entries in two languages."""
    generator = np.random.Generator(np.random.PCG64(3))
    scores: dict[str, np.ndarray] = {}
    for language in ("ko", "hi"):
        scores |= ranked(generator, [f"e{i}/{language}" for i in range(4)], seeds, n, seed_sd)
    return scores


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize("seed_sd", [0.005, 0.02])
def test_the_gate_fails_at_most_5_percent_of_400_null_folders_and_a_fixed_tolerance_nearly_all(seed_sd: float) -> None:
    alarms = false_alarms(pool(seed_sd), seeds=5, draws=400, seed=7)
    assert alarms["gate"] <= 0.05
    assert alarms["fixed tolerance 0.001"] > 0.9


def test_without_a_margin_the_gate_still_fails_at_most_5_percent_of_null_folders() -> None:
    generator = rng(5)
    failed = sum(bool(regressions(null_comparisons(pool(), 5, None, generator), margin=0.0)) for _ in range(400))
    assert failed / 400 <= 0.05


def test_the_studied_rule_is_the_gates_decision() -> None:
    generator = rng(6)
    for loss in (0.0, 0.04, 0.06):
        comparisons = null_comparisons(pool(), 5, None, generator)
        comparisons[1] = Comparison("e1/ko", comparisons[1].new - loss, comparisons[1].old)
        decisions = decide(comparisons)
        assert regressions(comparisons) == [decision.name for decision in decisions if decision.verdict == "regression"]


@pytest.mark.parametrize("inject", [shifted, scattered])
def test_80_percent_of_200_losses_of_the_detectable_size_are_caught_with_213_queries(inject: Injection) -> None:
    few = dict(list(pool().items())[:3])
    for result in power(few, seeds=5, draws=200, seed=2, queries=213, inject=inject).values():
        assert result.caught["gate"] >= 0.8
        assert result.caught["unpaired z"] < result.caught["gate"]


def test_the_sides_of_a_null_comparison_share_no_seed_and_entries_of_a_language_share_their_queries() -> None:
    numbered = {name: np.arange(12)[:, None] + np.arange(30)[None] / 100 for name in ("a/ko", "b/ko")}  # seed.query
    first, second = null_comparisons(numbered, 5, 20, rng())
    assert first.new.shape == first.old.shape == (5, 20)
    assert not set(np.floor(first.new[:, 0])) & set(np.floor(first.old[:, 0]))
    assert np.allclose(first.new[0] % 1, second.old[0] % 1)


def test_too_few_seeds_or_queries_for_a_null_comparison_are_rejected() -> None:
    with pytest.raises(ValueError, match="too few to draw 2 x 5"):
        null_comparisons({"a/ko": np.zeros((9, 30))}, 5, None, rng())
    with pytest.raises(ValueError, match="too few to draw"):
        null_comparisons({"a/ko": np.zeros((10, 30))}, 5, 31, rng())


@pytest.mark.parametrize("inject", [shifted, scattered])
def test_an_injected_loss_is_the_loss_of_the_mean(inject: Injection) -> None:
    scores = pool()["e0/ko"][:5]
    assert scores.mean() - inject(scores, 0.05, rng()).mean() == pytest.approx(0.05)


def test_a_scattered_loss_removes_whole_queries_and_leaves_the_others() -> None:
    scores = np.full((2, 10), 0.5)
    reduced = scattered(scores, 0.125, rng())
    assert sorted(reduced[0].tolist()) == pytest.approx([0.0, 0.0, 0.25] + [0.5] * 7)
    assert (reduced >= 0).all()
    with pytest.raises(ValueError, match="cannot take"):
        scattered(scores, 0.6, rng())


def test_the_fixed_tolerance_is_a_thousandth_and_the_z_test_does_not_pair() -> None:
    old = np.linspace(0, 1, 213)[None]
    assert fixed_tolerance([Comparison("e", old - 0.0011, old)]) == ["e"]
    assert fixed_tolerance([Comparison("e", old - 0.0009, old)]) == []
    assert unpaired_z([Comparison("e", old - 0.02, old)]) == []  # a certain loss, hidden by the spread of the queries
    assert unpaired_z([Comparison("e", old - 0.08, old)]) == ["e"]
