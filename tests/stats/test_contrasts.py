"""The contrasts of every two entries equal the statistics of each entry against the other as the baseline."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from support.simulated_scores import ranked

from harness.stats.contrasts import MAX_ENTRIES, Contrast
from harness.stats.entry_scores import EntryScores
from harness.stats.letters import share_letter
from harness.stats.rules import ALPHA, direction, excludes_zero, is_shown
from harness.stats.suite_statistics import suite_statistics

LANGUAGES = ("ko", "hi", "fa")
ENTRIES = ("base", "clpl", "mnrl", "soft-1")
Scores = dict[tuple[str, str], EntryScores]
Contrasts = dict[tuple[str, str, str], Contrast]


def simulated(entries: tuple[str, ...] = ENTRIES, n: int = 40) -> Scores:
    """Two measures; base has one seed, the others three."""
    generator = np.random.Generator(np.random.PCG64(12))
    scores = {}
    for language in LANGUAGES:
        for entry, values in ranked(generator, list(entries), 3, n, 0.01).items():
            measures = np.stack([values, values**2], axis=2)
            seeds = range(1 if entry == "base" else 3)
            scores[entry, language] = EntryScores({seed: measures[seed] for seed in seeds}, entry != "base")
    return scores


def contrasts_of(scores: Scores) -> Contrasts:
    """Return the contrasts by (entry, baseline, language)."""
    contrasts = suite_statistics(scores, LANGUAGES).contrasts()
    return {(contrast.entry, contrast.baseline, contrast.language): contrast for contrast in contrasts}


def assert_equal_statistics(contrasts: Contrasts, scores: Scores) -> None:
    """Fail unless the contrasts are, one for one, the differences in the statistics against every baseline."""
    compared = 0
    for baseline in ENTRIES:
        for statistics in suite_statistics(scores, LANGUAGES, baseline=baseline).entries:
            name = (statistics.entry, baseline, statistics.language)
            if np.isnan(statistics.delta).all():
                assert name not in contrasts
                continue
            compared += 1
            contrast = contrasts[name]
            assert contrast.delta == pytest.approx(statistics.delta, abs=1e-14)
            assert contrast.low == pytest.approx(statistics.delta_low, abs=1e-12, nan_ok=True)
            assert contrast.high == pytest.approx(statistics.delta_high, abs=1e-12, nan_ok=True)
            assert contrast.p.tolist() == pytest.approx(statistics.p.tolist(), nan_ok=True)
            assert contrast.p_adjusted.tolist() == pytest.approx(statistics.p_adjusted.tolist(), nan_ok=True)
    assert compared == len(contrasts)


def test_every_contrast_equals_the_statistics_against_its_baseline() -> None:
    scores = simulated()
    contrasts = contrasts_of(scores)
    assert len(contrasts) == len(ENTRIES) * (len(ENTRIES) - 1) * (len(LANGUAGES) + 1)
    assert_equal_statistics(contrasts, scores)


def test_contrasts_equal_the_statistics_where_entries_lack_languages() -> None:
    scores = {name: values for name, values in simulated().items() if name not in (("base", "hi"), ("clpl", "fa"))}
    contrasts = contrasts_of(scores)
    assert ("mnrl", "soft-1", "average") in contrasts
    assert ("mnrl", "base", "average") not in contrasts
    assert ("base", "clpl", "fa") not in contrasts
    assert_equal_statistics(contrasts, scores)


def test_contrasts_of_one_query_have_no_interval() -> None:
    scores = simulated(n=1)
    contrasts = contrasts_of(scores)
    contrast = contrasts["mnrl", "clpl", "ko"]
    assert np.isnan([contrast.low, contrast.high]).all()
    assert np.isnan([contrast.p, contrast.p_adjusted]).all()
    assert_equal_statistics(contrasts, scores)


def test_two_entries_have_opposite_contrasts() -> None:
    contrasts = contrasts_of(simulated())
    contrast, opposite = contrasts["mnrl", "clpl", "average"], contrasts["clpl", "mnrl", "average"]
    assert contrast.delta.tolist() == (-opposite.delta).tolist()
    assert (contrast.low.tolist(), contrast.high.tolist()) == ((-opposite.high).tolist(), (-opposite.low).tolist())


def test_equal_entries_differ_by_zero_and_never_by_minus_zero() -> None:
    scores = simulated()
    for language in LANGUAGES:
        scores["clpl", language] = scores["mnrl", language]
    contrasts = contrasts_of(scores)
    deltas = np.concatenate([contrasts["mnrl", "clpl", "ko"].delta, contrasts["clpl", "mnrl", "ko"].delta])
    assert deltas.tolist() == [0.0] * 4
    assert not np.signbit(deltas).any()


def test_contrasts_are_ordered_by_baseline_then_language_with_the_average_last_then_entry() -> None:
    contrasts = suite_statistics(simulated(("base", "clpl", "mnrl")), LANGUAGES).contrasts()
    assert [(contrast.baseline, contrast.language, contrast.entry) for contrast in contrasts[:8]] == [
        ("base", "ko", "clpl"),
        ("base", "ko", "mnrl"),
        ("base", "hi", "clpl"),
        ("base", "hi", "mnrl"),
        ("base", "fa", "clpl"),
        ("base", "fa", "mnrl"),
        ("base", "average", "clpl"),
        ("base", "average", "mnrl"),
    ]


def random_scores(seed: int, seeds: list[int], n: int) -> Scores:
    """One entry per number of seeds, over n queries; an entry with 0 is not trained."""
    generator = np.random.Generator(np.random.PCG64(seed))
    queries = generator.random((n, 2))
    scores = {}
    for i, count in enumerate(seeds):
        level, noise = 0.2 * generator.random(), generator.standard_normal((max(count, 1), n, 2))
        values = queries + level + 0.1 * noise + 0.02 * generator.standard_normal((max(count, 1), 1, 1))
        scores[f"e{i}", "ko"] = EntryScores(dict(enumerate(values)), trained=count > 0)
    return scores


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 5), min_size=2, max_size=7), st.integers(3, 40))
def test_p_interval_letters_and_ranks_never_contradict_each_other(seed: int, seeds: list[int], n: int) -> None:
    suite = suite_statistics(random_scores(seed, seeds, n), ("ko",), baseline="e0")
    entries = {(entry.entry, entry.language): entry for entry in suite.entries}
    for contrast in suite.contrasts():
        entry, other = (entries[name, contrast.language] for name in (contrast.entry, contrast.baseline))
        assert contrast.blind == (entry.one_seed or other.one_seed)
        for i in range(2):
            p, adjusted = float(contrast.p[i]), float(contrast.p_adjusted[i])
            assert np.isnan(p) == np.isnan(adjusted) == contrast.blind
            assert contrast.blind or adjusted >= p
            if not contrast.blind and abs(p - ALPHA) > 1e-9:
                assert is_shown(p) == excludes_zero(contrast.low[i], contrast.high[i])
            assert is_shown(adjusted) != share_letter(entry.letters[i], other.letters[i])
            if direction(adjusted, contrast.delta[i]) == "better":
                assert entry.rank_worst[i] < len(seeds)
                assert other.rank_best[i] > 1


def test_p_is_corrected_within_all_pairs_of_a_language_and_measure_and_is_symmetric() -> None:
    contrasts = contrasts_of(simulated())
    names = list(combinations(ENTRIES, 2))
    for language in (*LANGUAGES, "average"):
        for i in range(2):
            pairs = [contrasts[(*pair, language)] for pair in names]
            expected = multipletests([pair.p[i] for pair in pairs], method="holm")[1]
            assert [pair.p_adjusted[i] for pair in pairs] == pytest.approx(expected)
    assert all(
        contrast.p_adjusted.tobytes() == contrasts[baseline, entry, language].p_adjusted.tobytes()
        for (entry, baseline, language), contrast in contrasts.items()
    )


def test_p_and_interval_of_two_entries_without_seeds_are_scipys() -> None:
    scores = random_scores(1, [0, 0], 50)
    contrast = suite_statistics(scores, ("ko",)).contrasts()[0]
    new, old = (scores[entry, "ko"].values[0] for entry in (contrast.entry, contrast.baseline))
    expected = stats.ttest_rel(new, old)
    assert contrast.p == pytest.approx(expected.pvalue)
    assert contrast.low == pytest.approx(expected.confidence_interval().low)


def test_a_pair_with_an_unknown_spread_over_seeds_is_not_in_the_family() -> None:
    scores = random_scores(2, [3, 3, 3], 30)
    alone = suite_statistics(scores, ("ko",)).contrasts()[0]
    scores["blind", "ko"] = EntryScores({0: scores["e0", "ko"].values[0]})
    contrasts = {(c.entry, c.baseline, c.language): c for c in suite_statistics(scores, ("ko",)).contrasts()}
    assert contrasts[alone.entry, alone.baseline, alone.language].p_adjusted == pytest.approx(alone.p_adjusted)
    assert np.isnan(contrasts["blind", "e0", "ko"].p_adjusted).all()
    assert not np.isnan(contrasts["blind", "e0", "ko"].low).any()


@pytest.mark.parametrize(("count", "pairs"), [(MAX_ENTRIES, MAX_ENTRIES * (MAX_ENTRIES - 1)), (MAX_ENTRIES + 1, 0)])
def test_the_contrasts_of_more_than_40_entries_are_not_listed(count: int, pairs: int) -> None:
    values = np.random.Generator(np.random.PCG64(1)).random((count, 5, 1))
    scores = {(f"e{i:02}", "ko"): EntryScores({0: entry_values}) for i, entry_values in enumerate(values)}
    assert MAX_ENTRIES == 40
    assert len(suite_statistics(scores, ("ko",)).contrasts()) == pairs * 2  # and on the average


def test_equal_scores_give_equal_contrasts_to_the_last_bit() -> None:
    first, second = (suite_statistics(simulated(), LANGUAGES).contrasts() for _ in range(2))
    assert [contrast.low.tobytes() for contrast in first] == [contrast.low.tobytes() for contrast in second]
