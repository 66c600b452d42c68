"""The statistics of a suite equal those of the functions that they are computed by."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired
from support.commands import Run
from support.simulated_scores import ranked

from harness.stats.align import aligned
from harness.stats.entry_scores import EntryScores
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.equivalence import tost
from harness.stats.intervals import difference, over_both, over_queries, over_seeds
from harness.stats.letters import share_letter
from harness.stats.power import minimum_detectable
from harness.stats.suite_statistics import suite_statistics

LANGUAGES = ("ko", "hi")
ENTRIES = ("base", "mnrl", "clpl", "soft-1")
Scores = dict[tuple[str, str], EntryScores]
Statistics = dict[tuple[str, str], EntryStatistics]


def simulated(n: int = 60, seeds: int = 5) -> Scores:
    """Two measures; the second is the first's square, so that the two order entries alike."""
    generator = np.random.Generator(np.random.PCG64(11))
    scores = {}
    for language in LANGUAGES:
        for entry, values in ranked(generator, list(ENTRIES), seeds, n, 0.01).items():
            measures = np.stack([values, values**2], axis=2)
            numbers = range(1 if entry == "base" else seeds)
            scores[entry, language] = EntryScores({seed: measures[seed] for seed in numbers}, entry != "base")
    return scores


def statistics_of(scores: Scores, *languages: str, baseline: str = "base") -> Statistics:
    """Return the statistics by (entry, language)."""
    entries = suite_statistics(scores, languages, baseline=baseline).entries
    return {(statistics.entry, statistics.language): statistics for statistics in entries}


@pytest.fixture(scope="module")
def scores() -> Scores:
    return simulated()


@pytest.fixture(scope="module")
def statistics(scores: Scores) -> Statistics:
    return statistics_of(scores, *LANGUAGES)


def test_every_entry_has_statistics_in_every_language_and_on_the_average(statistics: Statistics) -> None:
    assert set(statistics) == {(entry, language) for entry in ENTRIES for language in (*LANGUAGES, "average")}


def test_an_interval_is_students_over_queries_and_seeds(statistics: Statistics, scores: Scores) -> None:
    mnrl, estimate = statistics["mnrl", "ko"], over_both(scores["mnrl", "ko"].values)
    assert estimate is not None
    low, high = estimate.interval()
    assert mnrl.mean == pytest.approx(estimate.value)
    assert (mnrl.low, mnrl.high) == (pytest.approx(low), pytest.approx(high))


def test_an_entry_of_one_seed_has_the_interval_over_queries(statistics: Statistics, scores: Scores) -> None:
    base = statistics["base", "ko"]
    low, high = over_queries(scores["base", "ko"].values[0]).interval()
    assert (base.n_seeds, base.one_seed) == (1, False)
    assert (base.low, base.high) == (pytest.approx(low), pytest.approx(high))


def test_a_delta_is_the_paired_difference_to_the_baseline(statistics: Statistics, scores: Scores) -> None:
    clpl = statistics["clpl", "hi"]
    estimate = difference(scores["clpl", "hi"].values, scores["base", "hi"].values)
    low, high = estimate.interval()
    assert clpl.delta == pytest.approx(estimate.value)
    assert (clpl.delta_low, clpl.delta_high) == (pytest.approx(low), pytest.approx(high))
    assert clpl.detectable == pytest.approx(minimum_detectable(estimate))
    assert clpl.p_equivalence == pytest.approx(tost(estimate, 0.01))
    assert (clpl.equivalence_high - clpl.equivalence_low < high - low).all()


def test_intervals_over_queries_only_and_over_seeds_only_are_students(statistics: Statistics, scores: Scores) -> None:
    mnrl, values = statistics["mnrl", "ko"], scores["mnrl", "ko"].values
    low, high = over_queries(values.mean(axis=0)).interval()
    assert (mnrl.queries_low.tolist(), mnrl.queries_high.tolist()) == (low.tolist(), high.tolist())
    seeds = over_seeds(values)
    assert seeds is not None
    assert mnrl.seeds_low.tolist() == seeds.interval()[0].tolist()
    assert np.isnan(statistics["base", "ko"].seeds_low).all()


def test_the_baseline_itself_has_a_rank_and_no_difference(statistics: Statistics) -> None:
    base = statistics["base", "average"]
    assert np.isnan([base.delta, base.p, base.p_adjusted, base.wins, base.detectable]).all()
    assert (base.rank_best >= 1).all()
    assert all(base.letters)


def test_another_baseline_can_be_declared(scores: Scores) -> None:
    statistics = statistics_of(scores, *LANGUAGES, baseline="mnrl")
    assert np.isnan(statistics["mnrl", "ko"].p).all()
    assert statistics["base", "ko"].delta == pytest.approx(
        statistics["base", "ko"].mean - statistics["mnrl", "ko"].mean
    )


def test_the_average_weights_languages_equally_and_sums_wins(statistics: Statistics) -> None:
    average, korean, hindi = (statistics["mnrl", language] for language in ("average", *LANGUAGES))
    assert average.mean == pytest.approx((korean.mean + hindi.mean) / 2)
    assert average.delta == pytest.approx((korean.delta + hindi.delta) / 2)
    assert average.wins.tolist() == (korean.wins + hindi.wins).tolist()
    assert (average.wins + average.ties + average.losses == 120).all()


def test_ranks_lie_within_their_intervals(statistics: Statistics) -> None:
    for language in (*LANGUAGES, "average"):
        ordered = sorted((statistics[entry, language] for entry in ENTRIES), key=lambda entry: -entry.mean[0])
        for rank, entry in enumerate(ordered, 1):
            assert entry.rank_best[0] <= rank <= entry.rank_worst[0]
        assert ordered[0].letters[0].startswith("a")
        assert [entry.tied[0] for entry in ordered] == [
            share_letter(entry.letters[0], ordered[0].letters[0]) for entry in ordered
        ]


def test_without_the_baseline_there_are_intervals_and_ranks_and_no_tests(scores: Scores) -> None:
    without_base = {name: values for name, values in scores.items() if name[0] != "base"}
    for entry in statistics_of(without_base, *LANGUAGES).values():
        assert np.isnan(entry.p).all()
        assert (entry.low < entry.high).all()


def test_an_entry_that_lacks_a_language_has_no_average(scores: Scores) -> None:
    incomplete = {name: values for name, values in scores.items() if name != ("clpl", "hi")}
    statistics = statistics_of(incomplete, *LANGUAGES)
    assert ("clpl", "average") not in statistics
    assert ("mnrl", "average") in statistics


def test_equal_input_gives_equal_bits(scores: Scores, statistics: Statistics) -> None:
    for name, entry in statistics_of(scores, *LANGUAGES).items():
        assert entry.low.tobytes() == statistics[name].low.tobytes()
        assert entry.p.tobytes() == statistics[name].p.tobytes()


def one_measure(*seeds: list[float], trained: bool = True) -> EntryScores:
    """Scores of one measure: one list of per-query scores per seed."""
    return EntryScores({seed: np.array(values)[:, None] for seed, values in enumerate(seeds)}, trained)


def test_the_mean_is_over_seeds_of_the_mean_over_queries_and_the_spread_has_one_degree_less() -> None:
    mnrl = statistics_of({("mnrl", "ko"): one_measure([0.0, 1.0], [1.0, 1.0])}, "ko")["mnrl", "ko"]
    assert mnrl.mean[0] == 0.75  # of 0.5 and 1.0
    assert mnrl.seed_sd[0] == pytest.approx(0.5 / 2**0.5)
    assert (mnrl.n_queries, mnrl.n_seeds) == (2, 2)


def test_one_seed_has_no_spread() -> None:
    mnrl = statistics_of({("mnrl", "ko"): one_measure([0.0, 1.0])}, "ko")["mnrl", "ko"]
    assert np.isnan([mnrl.seed_sd[0], mnrl.seeds_low[0], mnrl.seeds_high[0]]).all()


def test_one_query_has_a_rank_and_no_interval() -> None:
    scores = {
        ("base", "ko"): one_measure([0.5]),
        ("mnrl", "ko"): one_measure([0.75], [0.25]),
        ("clpl", "ko"): one_measure([0.125]),
    }
    statistics = statistics_of(scores, "ko")
    mnrl, clpl = statistics["mnrl", "average"], statistics["clpl", "ko"]
    assert np.isnan([mnrl.low[0], mnrl.high[0], mnrl.delta_low[0], mnrl.detectable[0], mnrl.queries_low[0]]).all()
    assert np.isnan([mnrl.p[0], mnrl.p_adjusted[0], mnrl.p_equivalence[0]]).all()
    assert mnrl.delta[0] == 0.0
    assert (clpl.rank_best[0], clpl.rank_worst[0]) == (1, 3)


def test_the_average_weights_languages_equally_whatever_their_number_of_queries() -> None:
    scores = {("mnrl", "ko"): one_measure([1.0]), ("mnrl", "hi"): one_measure([0.0, 0.0, 0.0])}
    average = statistics_of(scores, "ko", "hi")["mnrl", "average"]
    assert average.mean[0] == 0.5
    assert average.n_queries == 4


def test_the_spread_of_the_average_is_over_seeds_of_the_languages_average() -> None:
    scores = {("mnrl", "ko"): one_measure([0.25], [0.75]), ("mnrl", "hi"): one_measure([0.75], [0.25])}
    assert statistics_of(scores, "ko", "hi")["mnrl", "average"].seed_sd[0] == 0.0


def test_the_average_counts_only_seeds_that_every_language_has() -> None:
    scores = {("mnrl", "ko"): one_measure([0.2], [0.4]), ("mnrl", "hi"): one_measure([0.6])}
    average = statistics_of(scores, "ko", "hi")["mnrl", "average"]
    assert average.mean[0] == pytest.approx(0.45)
    assert average.n_seeds == 1


def test_a_constant_gain_over_the_base_has_a_paired_interval_of_no_width() -> None:
    base = np.random.Generator(np.random.PCG64(1)).random((50, 1))
    scores = {("base", "ko"): EntryScores({0: base}, False), ("mnrl", "ko"): EntryScores({0: base + 0.125}, False)}
    mnrl = statistics_of(scores, "ko")["mnrl", "ko"]
    assert [mnrl.delta[0], mnrl.delta_low[0], mnrl.delta_high[0]] == pytest.approx([0.125] * 3)
    assert mnrl.high[0] - mnrl.low[0] > 0.1


def test_there_is_no_difference_where_the_baseline_lacks_the_language() -> None:
    scores = {
        ("base", "ko"): one_measure([0.5]),
        ("mnrl", "ko"): one_measure([1.0]),
        ("mnrl", "hi"): one_measure([1.0]),
    }
    statistics = statistics_of(scores, "ko", "hi")
    assert statistics["mnrl", "ko"].delta[0] == 0.5
    assert np.isnan(statistics["mnrl", "hi"].delta[0])
    assert np.isnan(statistics["mnrl", "average"].delta[0])


def test_an_interval_does_not_depend_on_the_other_entries(scores: Scores, statistics: Statistics) -> None:
    alone = statistics_of({("mnrl", "ko"): scores["mnrl", "ko"]}, "ko")["mnrl", "ko"]
    assert alone.low == pytest.approx(statistics["mnrl", "ko"].low, abs=1e-12)
    assert alone.high == pytest.approx(statistics["mnrl", "ko"].high, abs=1e-12)


def korean_scores(folder: Path, entry: str, measure: str) -> list[dict[str, float]]:
    """The per-query scores of the Korean cells of a run, one dict per seed."""
    scores = []
    for path in sorted((folder / "records" / entry / "ko").glob("*.json")):
        assert json.loads(path.read_text())["status"] == "done"
        table = pandas.read_parquet(path.with_suffix(".per_query.parquet"))
        rows = table[table["measure"] == measure]
        scores.append(dict(zip(rows["query_id"], rows["value"], strict=True)))
    return scores


def test_on_scores_of_a_real_run_p_and_its_interval_are_scipys_and_equivalence_statsmodels(finished: Run) -> None:
    names = ("base", "bm25")
    _, rows = aligned({name: korean_scores(finished.folder, name, "nDCG@10")[0] for name in names})
    fixed = {(name, "ko"): EntryScores({0: row[:, None]}, False) for name, row in zip(names, rows, strict=True)}
    bm25 = statistics_of(fixed, "ko")["bm25", "ko"]
    expected = stats.ttest_rel(rows[1], rows[0])
    interval = expected.confidence_interval()
    assert bm25.p[0] == pytest.approx(expected.pvalue, rel=1e-9)
    assert (bm25.delta_low[0], bm25.delta_high[0]) == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert bm25.p_equivalence[0] == pytest.approx(ttost_paired(rows[1], rows[0], -0.01, 0.01)[0], rel=1e-9)


def test_one_seed_of_a_trained_entry_shows_nothing_whatever_its_scores() -> None:
    generator = np.random.Generator(np.random.PCG64(3))
    low, high = generator.random(80) / 10, 0.9 + generator.random(80) / 10
    scores = {
        ("base", "ko"): one_measure(low.tolist(), trained=False),
        ("mnrl", "ko"): one_measure(high.tolist()),
        ("clpl", "ko"): one_measure(high.tolist(), (high + 0.01).tolist()),
    }
    statistics = statistics_of(scores, "ko")
    for language in ("ko", "average"):
        mnrl, clpl = statistics["mnrl", language], statistics["clpl", language]
        assert (mnrl.blind, mnrl.one_seed, clpl.blind, clpl.one_seed) == (True, True, False, False)
        assert np.isnan([mnrl.p, mnrl.p_adjusted, mnrl.p_equivalence, mnrl.equivalence_low, mnrl.detectable]).all()
        assert (mnrl.rank_best[0], mnrl.rank_worst[0]) == (1, 3)
        assert mnrl.delta_low[0] > 0.8  # the interval is given, over the queries alone
        assert clpl.p_adjusted[0] == clpl.p[0] < 0.05  # the only pair of the family
        assert (clpl.letters, mnrl.letters, statistics["base", language].letters) == (("a",), ("ab",), ("b",))


def test_one_seed_in_one_language_leaves_the_average_unknown() -> None:
    scores = {
        ("base", "ko"): one_measure([0.1, 0.2], trained=False),
        ("base", "hi"): one_measure([0.1, 0.2], trained=False),
        ("mnrl", "ko"): one_measure([0.7, 0.9], [0.6, 0.9]),
        ("mnrl", "hi"): one_measure([0.7, 0.9]),
    }
    statistics = statistics_of(scores, "ko", "hi")
    assert [statistics["mnrl", language].blind for language in ("ko", "hi", "average")] == [False, True, True]
    assert np.isnan(statistics["mnrl", "average"].p_adjusted[0])


def test_equal_scores_are_identical_and_nearly_equal_ones_are_not() -> None:
    same = [[0.1, 0.7, 0.3], [0.2, 0.7, 0.4]]
    scores = {
        ("base", "ko"): one_measure(*same),
        ("equal", "ko"): one_measure(*same),
        ("near", "ko"): one_measure(same[0], [0.2, 0.7, 0.4 + 1e-15]),
        ("fewer", "ko"): one_measure(same[0]),
        ("more", "ko"): one_measure(*same, same[0]),
    }
    statistics = statistics_of(scores, "ko")
    names = ("equal", "near", "fewer", "more", "base")
    assert [bool(statistics[name, "ko"].identical[0]) for name in names] == [True, False, False, False, False]
    assert statistics["equal", "average"].p[0] == 1.0


def test_seeds_that_all_equal_the_baseline_are_identical_to_it_and_differ_by_exactly_0() -> None:
    """(0.1 + 0.1 + 0.1) / 3 is not 0.1: an error of the last bit in every query would be a difference without noise."""
    scores = {("base", "ko"): one_measure([0.1] * 9, trained=False), ("mnrl", "ko"): one_measure(*[[0.1] * 9] * 3)}
    mnrl = statistics_of(scores, "ko")["mnrl", "ko"]
    assert (bool(mnrl.identical[0]), mnrl.delta[0], mnrl.p[0]) == (True, 0.0, 1.0)
