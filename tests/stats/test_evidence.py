"""The evidence on a whole suite: each figure is that of the function that it comes from."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from commands import Run
from scipy import stats
from simulated import ranked
from statsmodels.stats.multitest import multipletests

from harness.stats.align import aligned
from harness.stats.evidence import Evidence, evidence
from harness.stats.intervals import difference, over_both, over_queries
from harness.stats.multiple import holm
from harness.stats.permutation import sign_flip
from harness.stats.power import minimum_detectable
from harness.stats.summary import Scored

LANGUAGES = ("ko", "hi")
ENTRIES = ("base", "mnrl", "clpl", "soft-1")


def board(n: int = 60, seeds: int = 5) -> dict[tuple[str, str], Scored]:
    """Two measures; the second is the first's square, so that the two order entries alike."""
    generator = np.random.Generator(np.random.PCG64(11))
    found = {}
    for language in LANGUAGES:
        for entry, values in ranked(generator, list(ENTRIES), seeds, n, 0.01).items():
            both = np.stack([values, values**2], axis=2)
            found[entry, language] = Scored({seed: both[seed] for seed in range(1 if entry == "base" else seeds)})
    return found


def stack(scored: Scored) -> np.ndarray:
    return np.stack(list(scored.by_seed.values()))


@pytest.fixture(scope="module")
def scored() -> dict[tuple[str, str], Scored]:
    return board()


@pytest.fixture(scope="module")
def found(scored: dict[tuple[str, str], Scored]) -> dict[tuple[str, str], Evidence]:
    return {(line.entry, line.language): line for line in evidence(scored, LANGUAGES)}


Board = dict[tuple[str, str], Scored]
Found = dict[tuple[str, str], Evidence]


def test_there_is_a_line_for_every_entry_and_language_and_for_the_averages(found: Found) -> None:
    assert set(found) == {(entry, language) for entry in ENTRIES for language in (*LANGUAGES, "average")}


def test_an_interval_has_the_width_of_students_over_queries_and_seeds(found: Found, scored: Board) -> None:
    line, estimate = found["mnrl", "ko"], over_both(stack(scored["mnrl", "ko"]))
    assert estimate is not None
    low, high = estimate.interval()
    assert line.mean == pytest.approx(estimate.value)
    assert line.high - line.low == pytest.approx(high - low, rel=0.05)


def test_an_entry_of_one_seed_has_the_interval_over_queries(found: Found, scored: Board) -> None:
    line = found["base", "ko"]
    low, high = over_queries(stack(scored["base", "ko"])[0]).interval()
    assert line.n_seeds == 1
    assert line.high - line.low == pytest.approx(high - low, rel=0.05)


def test_a_delta_is_the_paired_difference_to_the_baseline(found: Found, scored: Board) -> None:
    line = found["clpl", "hi"]
    estimate = difference(stack(scored["clpl", "hi"]), stack(scored["base", "hi"]))
    low, high = estimate.interval()
    assert line.delta == pytest.approx(estimate.value)
    assert line.delta_high - line.delta_low == pytest.approx(high - low, rel=0.05)
    assert line.detectable == pytest.approx(minimum_detectable(estimate))


def test_p_is_that_of_the_sign_flip_test_of_scores_averaged_over_seeds(found: Found, scored: Board) -> None:
    differences = scored["soft-1", "ko"].over_seeds - scored["base", "ko"].over_seeds
    alone = sign_flip(differences, seed=1)
    assert found["soft-1", "ko"].p == pytest.approx(alone, abs=0.02)  # other flips


def test_p_is_corrected_within_the_entries_of_a_language_and_measure(found: Found) -> None:
    for language in (*LANGUAGES, "average"):
        lines = [found[entry, language] for entry in ENTRIES if entry != "base"]
        for measure in range(2):
            theirs = multipletests([line.p[measure] for line in lines], method="holm")[1]
            assert [line.p_adjusted[measure] for line in lines] == pytest.approx(theirs)


def test_the_baseline_itself_has_no_difference_but_a_rank(found: Found) -> None:
    line = found["base", "average"]
    assert np.isnan([line.delta, line.p, line.p_adjusted, line.wins, line.detectable]).all()
    assert (line.rank_best >= 1).all()
    assert (line.group >= 1).all()


def test_another_baseline_can_be_declared(scored: Board) -> None:
    lines = {(line.entry, line.language): line for line in evidence(scored, LANGUAGES, baseline="mnrl")}
    assert np.isnan(lines["mnrl", "ko"].p).all()
    assert lines["base", "ko"].delta == pytest.approx(lines["base", "ko"].mean - lines["mnrl", "ko"].mean)


def test_the_average_weighs_languages_alike_and_sums_wins(found: Found) -> None:
    line, parts = found["mnrl", "average"], [found["mnrl", language] for language in LANGUAGES]
    assert line.mean == pytest.approx((parts[0].mean + parts[1].mean) / 2)
    assert line.delta == pytest.approx((parts[0].delta + parts[1].delta) / 2)
    assert line.wins.tolist() == (parts[0].wins + parts[1].wins).tolist()
    assert (line.wins + line.ties + line.losses == 120).all()


def test_ranks_lie_within_their_intervals(found: Found) -> None:
    for language in (*LANGUAGES, "average"):
        lines = sorted((found[entry, language] for entry in ENTRIES), key=lambda line: -line.mean[0])
        for rank, line in enumerate(lines, 1):
            assert line.rank_best[0] <= rank <= line.rank_worst[0]
        assert lines[0].group[0] == 1


def test_without_the_baseline_there_are_intervals_and_ranks_and_no_tests(scored: Board) -> None:
    rest = {name: scores for name, scores in scored.items() if name[0] != "base"}
    for line in evidence(rest, LANGUAGES):
        assert np.isnan(line.p).all()
        assert (line.low < line.high).all()


def test_an_entry_without_one_of_the_languages_has_no_average(scored: Board) -> None:
    rest = {name: scores for name, scores in scored.items() if name != ("clpl", "hi")}
    lines = {(line.entry, line.language) for line in evidence(rest, LANGUAGES)}
    assert ("clpl", "average") not in lines
    assert ("mnrl", "average") in lines


def test_equal_input_gives_equal_bits(scored: Board, found: Found) -> None:
    for line in evidence(scored, LANGUAGES):
        assert line.low.tobytes() == found[line.entry, line.language].low.tobytes()
        assert line.p.tobytes() == found[line.entry, line.language].p.tobytes()


def of_run(folder: Path, entry: str, measure: str) -> list[dict[str, float]]:
    """The per-query scores of the Korean cells of a run, a seed each."""
    found = []
    for path in sorted((folder / "records" / entry / "ko").glob("*.json")):
        assert json.loads(path.read_text())["status"] == "done"
        long = pandas.read_parquet(path.with_suffix(".per_query.parquet"))
        own = long[long["measure"] == measure]
        found.append(dict(zip(own["query_id"], own["value"], strict=True)))
    return found


def test_on_scores_of_a_real_run_p_is_scipys_and_holm_statsmodels(finished: Run) -> None:
    base = of_run(finished.folder, "base", "nDCG@10")[0]
    p = []
    for entry in ("mnrl", "infonce-random", "bm25"):
        seeds = of_run(finished.folder, entry, "nDCG@10")
        _, rows = aligned({str(seed): scores for seed, scores in enumerate([*seeds, base])})
        differences = rows[:-1].mean(axis=0) - rows[-1]
        few = differences[np.argsort(-abs(differences), kind="stable")[:12]]  # the largest: fewest ties
        theirs = stats.permutation_test((few,), np.mean, permutation_type="samples", n_resamples=np.inf)
        assert sign_flip(few[:, None], seed=1)[0] == pytest.approx(theirs.pvalue, abs=1e-12)
        p.append(float(sign_flip(differences[:, None], seed=1)[0]))
    assert min(p) > 0
    assert holm(np.array(p)) == pytest.approx(multipletests(p, method="holm")[1])
