"""The difference of every entry to every other is what the evidence says against each of them as the baseline."""

import numpy as np
import pytest
from support.simulated_scores import ranked

from harness.stats import pairwise, samples
from harness.stats.analysis import analyse, evidence
from harness.stats.contrasts import MOST, Contrast
from harness.stats.summary import Scored

LANGUAGES = ("ko", "hi", "fa")
ENTRIES = ("base", "clpl", "mnrl", "soft-1")
Board = dict[tuple[str, str], Scored]
Found = dict[tuple[str, str, str], Contrast]


def board(entries: tuple[str, ...] = ENTRIES, n: int = 40) -> Board:
    """Two measures; base has one seed, the others three."""
    generator = np.random.Generator(np.random.PCG64(12))
    found = {}
    for language in LANGUAGES:
        for entry, values in ranked(generator, list(entries), 3, n, 0.01).items():
            both = np.stack([values, values**2], axis=2)
            found[entry, language] = Scored({seed: both[seed] for seed in range(1 if entry == "base" else 3)})
    return found


def of(scored: Board) -> Found:
    return {(one.entry, one.baseline, one.language): one for one in analyse(scored, LANGUAGES).contrasts()}


def assert_is_the_evidence(found: Found, scored: Board) -> None:
    """Fail unless the contrasts are, one for one, what the evidence says against every baseline."""
    said = 0
    for baseline in ENTRIES:
        for line in evidence(scored, LANGUAGES, baseline=baseline):
            if np.isnan(line.delta).all():
                assert (line.entry, baseline, line.language) not in found
                continue
            said += 1
            one = found[line.entry, baseline, line.language]
            assert one.delta == pytest.approx(line.delta, abs=1e-14)
            assert one.low == pytest.approx(line.delta_low, abs=1e-12, nan_ok=True)
            assert one.high == pytest.approx(line.delta_high, abs=1e-12, nan_ok=True)
            assert one.p_adjusted.tolist() == line.p_adjusted.tolist()
    assert said == len(found)


def test_every_contrast_is_that_of_the_evidence_against_its_baseline() -> None:
    scored = board()
    found = of(scored)
    assert len(found) == len(ENTRIES) * (len(ENTRIES) - 1) * (len(LANGUAGES) + 1)
    assert_is_the_evidence(found, scored)


def test_it_is_that_of_the_evidence_where_entries_lack_languages() -> None:
    scored = {name: own for name, own in board().items() if name not in (("base", "hi"), ("clpl", "fa"))}
    found = of(scored)
    assert ("mnrl", "soft-1", "average") in found
    assert ("mnrl", "base", "average") not in found
    assert ("base", "clpl", "fa") not in found
    assert_is_the_evidence(found, scored)


def test_it_is_that_of_the_evidence_on_one_query_which_has_no_interval() -> None:
    scored = board(n=1)
    found = of(scored)
    one = found["mnrl", "clpl", "ko"]
    assert np.isnan([one.low, one.high]).all()
    assert one.p_adjusted.tolist() == [1.0, 1.0]
    assert_is_the_evidence(found, scored)


def test_two_entries_have_opposite_contrasts() -> None:
    found = of(board())
    one, other = found["mnrl", "clpl", "average"], found["clpl", "mnrl", "average"]
    assert one.delta.tolist() == (-other.delta).tolist()
    assert (one.low.tolist(), one.high.tolist()) == ((-other.high).tolist(), (-other.low).tolist())


def test_equal_entries_differ_by_nothing_and_never_by_minus_nothing() -> None:
    scored = board()
    for language in LANGUAGES:
        scored["clpl", language] = scored["mnrl", language]
    found = of(scored)
    deltas = np.concatenate([found["mnrl", "clpl", "ko"].delta, found["clpl", "mnrl", "ko"].delta])
    assert deltas.tolist() == [0.0] * 4
    assert not np.signbit(deltas).any()


def test_they_stand_by_baseline_then_language_with_the_average_last_then_entry() -> None:
    found = analyse(board(("base", "clpl", "mnrl")), LANGUAGES).contrasts()
    assert [(one.baseline, one.language, one.entry) for one in found[:8]] == [
        ("base", "ko", "clpl"),
        ("base", "ko", "mnrl"),
        ("base", "hi", "clpl"),
        ("base", "hi", "mnrl"),
        ("base", "fa", "clpl"),
        ("base", "fa", "mnrl"),
        ("base", "average", "clpl"),
        ("base", "average", "mnrl"),
    ]


def test_nothing_is_drawn_for_them_that_the_evidence_has_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = analyse(board(), LANGUAGES)

    def refused(*_: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(samples, "resample_counts", refused)
    monkeypatch.setattr(pairwise, "draw_flips", refused)
    assert len(analysis.contrasts()) == 48


@pytest.mark.parametrize(("count", "pairs"), [(MOST, MOST * (MOST - 1)), (MOST + 1, 0)])
def test_there_are_none_of_more_than_twenty_entries(count: int, pairs: int) -> None:
    values = np.random.Generator(np.random.PCG64(1)).random((count, 5, 1))
    scored = {(f"e{i:02}", "ko"): Scored({0: own}) for i, own in enumerate(values)}
    assert MOST == 20
    assert len(analyse(scored, ("ko",)).contrasts()) == pairs * 2  # and on the average


def test_equal_scores_give_equal_contrasts_to_the_last_bit() -> None:
    one, other = (analyse(board(), LANGUAGES).contrasts() for _ in range(2))
    assert [found.low.tobytes() for found in one] == [found.low.tobytes() for found in other]
