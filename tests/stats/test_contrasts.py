"""The contrasts of every two entries equal the statistics of each entry against the other as the baseline."""

import numpy as np
import pytest
from support.simulated_scores import ranked

from harness.stats import pairwise, samples
from harness.stats.contrasts import MAX_ENTRIES, Contrast
from harness.stats.entry_scores import EntryScores
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
            scores[entry, language] = EntryScores({seed: measures[seed] for seed in seeds})
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
            assert contrast.p_adjusted.tolist() == statistics.p_adjusted.tolist()
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
    assert contrast.p_adjusted.tolist() == [1.0, 1.0]
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


def test_contrasts_draw_no_resamples_or_flips_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = suite_statistics(simulated(), LANGUAGES)

    def fail(*_: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(samples, "resample_counts", fail)
    monkeypatch.setattr(pairwise, "draw_flips", fail)
    assert len(statistics.contrasts()) == 48


@pytest.mark.parametrize(("count", "pairs"), [(MAX_ENTRIES, MAX_ENTRIES * (MAX_ENTRIES - 1)), (MAX_ENTRIES + 1, 0)])
def test_there_are_no_contrasts_of_more_than_twenty_entries(count: int, pairs: int) -> None:
    values = np.random.Generator(np.random.PCG64(1)).random((count, 5, 1))
    scores = {(f"e{i:02}", "ko"): EntryScores({0: entry_values}) for i, entry_values in enumerate(values)}
    assert MAX_ENTRIES == 20
    assert len(suite_statistics(scores, ("ko",)).contrasts()) == pairs * 2  # and on the average


def test_equal_scores_give_equal_contrasts_to_the_last_bit() -> None:
    first, second = (suite_statistics(simulated(), LANGUAGES).contrasts() for _ in range(2))
    assert [contrast.low.tobytes() for contrast in first] == [contrast.low.tobytes() for contrast in second]
