"""Means, seed spread, paired differences and the average over languages, from numbers worked out by hand."""

import numpy as np
import pytest

from harness.keys import derive
from harness.stats.bootstrap import DRAWS, resample_counts
from harness.stats.summary import Floats, Scored, Summary, summaries


def scored(*seeds: list[float]) -> Scored:
    """One measure: a list of per-query scores a seed."""
    return Scored({seed: np.array(values)[:, None] for seed, values in enumerate(seeds)})


def by_name(found: list[Summary]) -> dict[tuple[str, str], Summary]:
    return {(summary.entry, summary.language): summary for summary in found}


def random(n: int, seed: int) -> Floats:
    return np.random.Generator(np.random.PCG64(seed)).random((n, 1))


def test_the_mean_is_over_seeds_of_the_mean_over_queries_and_the_spread_has_one_degree_less() -> None:
    own = by_name(summaries({("mnrl", "ko"): scored([0.0, 1.0], [1.0, 1.0])}, ["ko"]))["mnrl", "ko"]
    assert own.mean[0] == 0.75  # of 0.5 and 1.0
    assert own.seed_sd[0] == pytest.approx(0.5 / 2**0.5)
    assert (own.n_queries, own.n_seeds) == (2, 2)


def test_one_seed_has_no_spread() -> None:
    own = by_name(summaries({("mnrl", "ko"): scored([0.0, 1.0])}, ["ko"]))["mnrl", "ko"]
    assert np.isnan(own.seed_sd[0])


def test_the_average_weighs_languages_alike_whatever_their_number_of_queries() -> None:
    cells = {("mnrl", "ko"): scored([1.0]), ("mnrl", "hi"): scored([0.0, 0.0, 0.0])}
    average = by_name(summaries(cells, ["ko", "hi"]))["mnrl", "average"]
    assert average.mean[0] == 0.5
    assert average.n_queries == 4


def test_the_spread_of_the_average_is_over_seeds_of_the_languages_average() -> None:
    cells = {("mnrl", "ko"): scored([0.25], [0.75]), ("mnrl", "hi"): scored([0.75], [0.25])}
    average = by_name(summaries(cells, ["ko", "hi"]))["mnrl", "average"]
    assert average.seed_sd[0] == 0.0


def test_the_average_counts_only_seeds_that_every_language_has() -> None:
    cells = {("mnrl", "ko"): scored([0.2], [0.4]), ("mnrl", "hi"): scored([0.6])}
    average = by_name(summaries(cells, ["ko", "hi"]))["mnrl", "average"]
    assert average.mean[0] == pytest.approx(0.45)
    assert average.n_seeds == 1


def test_an_entry_without_one_of_the_languages_has_no_average() -> None:
    cells = {("mnrl", "ko"): scored([1.0]), ("clpl", "ko"): scored([1.0]), ("clpl", "hi"): scored([0.0])}
    found = by_name(summaries(cells, ["ko", "hi"]))
    assert ("mnrl", "average") not in found
    assert ("clpl", "average") in found


def test_a_constant_gain_over_the_base_has_a_paired_interval_of_no_width() -> None:
    base = random(50, 1)
    cells = {("base", "ko"): Scored({0: base}), ("mnrl", "ko"): Scored({0: base + 0.125})}
    own = by_name(summaries(cells, ["ko"]))["mnrl", "ko"]
    assert own.delta[0] == pytest.approx(0.125)
    assert own.delta_low[0] == pytest.approx(0.125)
    assert own.delta_high[0] == pytest.approx(0.125)
    assert own.high[0] - own.low[0] > 0.1


def test_there_is_no_difference_for_the_base_itself_nor_where_it_is_absent() -> None:
    cells = {("base", "ko"): scored([0.5]), ("mnrl", "ko"): scored([1.0]), ("mnrl", "hi"): scored([1.0])}
    found = by_name(summaries(cells, ["ko", "hi"]))
    assert np.isnan(found["base", "ko"].delta[0])
    assert found["mnrl", "ko"].delta[0] == 0.5
    assert np.isnan(found["mnrl", "hi"].delta[0])
    assert np.isnan(found["mnrl", "average"].delta[0])


def test_the_interval_of_the_average_resamples_within_each_language() -> None:
    languages = {"ko": random(40, 1), "hi": random(17, 2)}
    own = by_name(summaries({("x", name): Scored({0: values}) for name, values in languages.items()}, ["ko", "hi"]))
    drawn = {
        name: resample_counts(len(values), DRAWS, derive(0, "bootstrap", name)) @ values[:, 0] / len(values)
        for name, values in languages.items()
    }
    low, high = np.percentile((drawn["ko"] + drawn["hi"]) / 2, [2.5, 97.5])
    assert own["x", "average"].low[0] == pytest.approx(low, abs=1e-12)
    assert own["x", "average"].high[0] == pytest.approx(high, abs=1e-12)


def test_the_interval_of_a_trained_entry_is_over_queries_of_the_scores_averaged_over_seeds() -> None:
    first, second = random(30, 1), random(30, 2)
    both = by_name(summaries({("x", "ko"): Scored({0: first, 1: second})}, ["ko"]))["x", "ko"]
    mean = by_name(summaries({("x", "ko"): Scored({0: (first + second) / 2})}, ["ko"]))["x", "ko"]
    assert both.low[0] == pytest.approx(mean.low[0], abs=1e-12)
    assert both.high[0] == pytest.approx(mean.high[0], abs=1e-12)


def test_an_interval_does_not_depend_on_what_other_entries_there_are() -> None:
    alone = by_name(summaries({("x", "ko"): Scored({0: random(30, 1)})}, ["ko"]))["x", "ko"]
    cells = {("x", "ko"): Scored({0: random(30, 1)}), ("base", "ko"): Scored({0: random(30, 2)})}
    beside = by_name(summaries(cells, ["ko"]))["x", "ko"]
    assert beside.low[0] == pytest.approx(alone.low[0], abs=1e-12)
