"""The rule of transfer verdicts: each word by planted scores, and the corrected p of a family."""

from __future__ import annotations

import math

import numpy as np
import pytest

from harness.evidence.contrasts.published import Claimed
from harness.evidence.contrasts.transfer import Difference, Word, family, word_of
from harness.stats.align import Floats
from harness.stats.contrasts import all_contrasts, listed
from harness.stats.entry_scores import EntryScores
from harness.stats.equivalence import tost
from harness.stats.intervals import Estimate, difference, two_sided_p
from harness.stats.power import minimum_detectable
from harness.stats.rules import ALPHA
from harness.stats.samples import Sample, are_identical, sample, sample_difference

N = 200
CLOSE, NOISY = 0.01, 0.3  # standard deviations of a query's difference: shown within the margin, and not


def trainings(mean: float, noise: float, root: int, seeds: int = 3, n: int = N, measures: int = 1) -> Floats:
    """Return scores of queries that every entry shares, with a mean and a noise of its own.  [seeds, n, measures]"""
    queries = np.random.Generator(np.random.PCG64(1)).uniform(0.3, 0.7, (n, measures))
    generator = np.random.Generator(np.random.PCG64(root))
    own = noise * generator.standard_normal((n, measures))
    spread = 0.001 * (np.arange(seeds) - (seeds - 1) / 2)[:, None, None]
    return queries + mean + own - own.mean(axis=0) + spread


def pair(planted: float, noise: float) -> Estimate:
    """Return the difference of an entry that scores `planted` above its control, exactly."""
    return difference(trainings(planted, noise, 2), trainings(0.0, 0.0, 3))


def alone(estimate: Estimate, *, blind: bool = False) -> Difference:
    ((found,),) = family([estimate], [blind], [[False]])
    return found


@pytest.mark.parametrize(
    ("claimed", "planted", "noise", "word"),
    [
        ("higher", 0.05, CLOSE, "same direction"),
        ("higher", -0.05, CLOSE, "reversed"),
        ("higher", 0.005, CLOSE, "same direction"),  # shown, although it is within the margin
        ("higher", -0.005, CLOSE, "reversed"),
        ("higher", 0.0, CLOSE, "equivalent"),
        ("higher", 0.0, NOISY, "undecided"),
        ("lower", -0.05, CLOSE, "same direction"),
        ("lower", 0.05, CLOSE, "reversed"),
        ("lower", 0.0, CLOSE, "equivalent"),
        ("lower", 0.0, NOISY, "undecided"),
        ("equal", 0.0, CLOSE, "equivalent"),
        ("equal", 0.005, CLOSE, "equivalent"),  # the two one-sided tests come first
        ("equal", -0.005, CLOSE, "equivalent"),
        ("equal", 0.05, CLOSE, "reversed"),
        ("equal", -0.05, CLOSE, "reversed"),
        ("equal", 0.0, NOISY, "undecided"),
    ],
)
def test_the_word_of_a_planted_difference(claimed: Claimed, planted: float, noise: float, word: Word) -> None:
    found = alone(pair(planted, noise))
    assert found.value == pytest.approx(planted, abs=1e-12)
    assert word_of(claimed, found) == word


def test_an_undecided_contrast_comes_with_what_would_have_been_found() -> None:
    estimate = pair(0.0, NOISY)
    found = alone(estimate)
    assert found.detectable == minimum_detectable(estimate)[0]
    assert found.detectable > 0.04
    assert word_of("higher", alone(pair(2 * found.detectable, NOISY))) == "same direction"


def test_what_would_have_been_found_counts_the_contrasts_that_are_not_shown() -> None:
    estimates = [pair(0.0, NOISY), pair(0.001, NOISY), pair(0.2, CLOSE)]
    open_one, other, shown = (each[0] for each in family(estimates, [False] * 3, [[False]] * 3))
    assert [one.step for one in (open_one, other, shown)] == [2, 2, 2]
    assert word_of("higher", shown) == "same direction"
    assert open_one.detectable == minimum_detectable(estimates[0], ALPHA / 2)[0]
    assert open_one.detectable > minimum_detectable(estimates[0])[0]


def test_a_p_of_exactly_alpha_shows_and_one_above_does_not() -> None:
    numbers = {"value": 0.1, "low": 0.0, "high": 0.2, "error": 0.05, "detectable": 0.1, "step": 1.0}
    numbers |= {"query_variance": 0.002, "seed_variance": 0.0005}
    flags = {"blind": False, "identical": False}
    assert word_of("higher", Difference(**numbers, p=0.05, p_equivalence=1.0, **flags)) == "same direction"
    assert word_of("higher", Difference(**numbers, p=0.0501, p_equivalence=0.05, **flags)) == "equivalent"
    assert word_of("higher", Difference(**numbers, p=0.0501, p_equivalence=0.0501, **flags)) == "undecided"


def by_hand(p: list[float]) -> list[float]:
    """Return Holm's p: the largest of (m − j + 1) p(j) over the j that are not larger, at most 1."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    steps = [(len(p) - j) * p[i] for j, i in enumerate(order)]
    return [min(1.0, max(steps[: order.index(i) + 1])) for i in range(len(p))]


def test_both_p_are_those_of_holm_within_each_measure_of_the_family() -> None:
    planted = (0.0, 0.004, 0.012, 0.009, 0.02)
    control = trainings(0.0, 0.0, 3, measures=2)
    estimates = [difference(trainings(mean, 0.05, i, measures=2), control) for i, mean in enumerate(planted)]
    found = family(estimates, [False] * 5, [[False, False]] * 5)
    for measure in range(2):
        p, p_equivalence = (
            [float(values[measure]) for values in each]
            for each in (map(two_sided_p, estimates), (tost(estimate, 0.01) for estimate in estimates))
        )
        assert [one[measure].p for one in found] == pytest.approx(by_hand(p), rel=1e-9)
        assert [one[measure].p_equivalence for one in found] == pytest.approx(by_hand(p_equivalence), rel=1e-9)
        assert by_hand(p) != p
    assert len({one[0].p for one in found}) > 2


def test_a_family_of_one_has_the_p_of_the_leaderboard_before_its_correction_and_its_interval() -> None:
    means = {"a": 0.0, "b": 0.004, "c": 0.006}
    samples = {name: of(trainings(mean, 0.03, i, measures=2)) for i, (name, mean) in enumerate(means.items())}
    contrasts = all_contrasts("ko", samples)
    (line,) = [one for one in listed([contrasts]) if (one.entry, one.baseline) == ("c", "a")]
    estimate = sample_difference(samples["c"], samples["a"])
    (found,) = family([estimate], [False], [are_identical(samples["c"], samples["a"]).tolist()])
    for i, one in enumerate(found):
        assert (one.value, one.low, one.high) == (line.delta[i], line.low[i], line.high[i])
        assert (one.p, one.identical) == (line.p[i], False)
        assert one.p < line.p_adjusted[i]  # of three pairs


def of(values: Floats, *, trained: bool = True) -> Sample:
    return sample(EntryScores(dict(enumerate(values)), trained))


def test_with_one_seed_of_a_trained_side_nothing_is_shown_and_the_family_is_smaller() -> None:
    one_seed, control = of(trainings(0.05, CLOSE, 2, seeds=1)), of(trainings(0.0, 0.0, 3))
    assert one_seed.one_seed
    seen = pair(0.004, 0.03)
    blind, other = family([sample_difference(one_seed, control), seen], [one_seed.one_seed, False], [[False]] * 2)
    assert blind[0].blind
    assert blind[0].value == pytest.approx(0.05)
    assert all(map(math.isnan, (blind[0].p, blind[0].p_equivalence, blind[0].detectable)))
    assert [word_of(claimed, blind[0]) for claimed in ("higher", "lower", "equal")] == ["undecided"] * 3
    assert other[0].p == two_sided_p(seen)[0]  # a family of one


def test_over_one_query_nothing_is_shown() -> None:
    found = alone(sample_difference(of(trainings(0.5, 0.0, 2, n=1)), of(trainings(0.0, 0.0, 3, n=1))))
    assert found.value == pytest.approx(0.5)
    assert all(map(math.isnan, (found.low, found.high, found.p, found.p_equivalence, found.detectable)))
    assert word_of("higher", found) == "undecided"


def test_identical_scores_are_equivalent() -> None:
    one = of(trainings(0.0, CLOSE, 2)[:1], trained=False)
    ((found,),) = family([sample_difference(one, one)], [False], [are_identical(one, one).tolist()])
    assert (found.value, found.error, found.p, found.p_equivalence, found.identical) == (0, 0, 1, 0, True)
    assert [word_of(claimed, found) for claimed in ("higher", "lower", "equal")] == ["equivalent"] * 3


def test_the_margin_can_be_another() -> None:
    estimate = pair(0.0, 0.1)
    assert word_of("higher", alone(estimate)) == "undecided"
    ((wide,),) = family([estimate], [False], [[False]], margin=0.03)
    assert word_of("higher", wide) == "equivalent"


def test_no_contrasts_are_no_family() -> None:
    assert family([], [], []) == []
