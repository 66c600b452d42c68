"""The evidence on a whole suite: each figure is that of the function that it comes from."""

import json
import os
from pathlib import Path

import numpy as np
import pandas
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from support.commands import Run
from support.simulated_scores import ranked
from threadpoolctl import threadpool_limits

from harness.stats.align import aligned
from harness.stats.analysis import Evidence, evidence
from harness.stats.equivalence import tost
from harness.stats.intervals import difference, over_both, over_queries, over_seeds
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
    assert line.equivalence == pytest.approx(tost(estimate, 0.01))


def test_the_intervals_over_queries_and_over_seeds_alone_are_students(found: Found, scored: Board) -> None:
    line, values = found["mnrl", "ko"], stack(scored["mnrl", "ko"])
    low, high = over_queries(values.mean(axis=0)).interval()
    assert (line.queries_low.tolist(), line.queries_high.tolist()) == (low.tolist(), high.tolist())
    seeds = over_seeds(values)
    assert seeds is not None
    assert line.seeds_low.tolist() == seeds.interval()[0].tolist()
    assert np.isnan(found["base", "ko"].seeds_low).all()


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


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: matrix products have one thread anyway")
def test_the_bits_do_not_depend_on_how_many_threads_a_matrix_product_has() -> None:
    scored = board(n=350)
    found = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            found.append([line.low.tobytes() + line.high.tobytes() for line in evidence(scored, LANGUAGES)])
    assert found[0] == found[1]


def by_hand(*seeds: list[float]) -> Scored:
    """One measure: a list of per-query scores a seed."""
    return Scored({seed: np.array(values)[:, None] for seed, values in enumerate(seeds)})


def lines_of(cells: Board, *languages: str) -> Found:
    return {(line.entry, line.language): line for line in evidence(cells, languages)}


def test_the_mean_is_over_seeds_of_the_mean_over_queries_and_the_spread_has_one_degree_less() -> None:
    own = lines_of({("mnrl", "ko"): by_hand([0.0, 1.0], [1.0, 1.0])}, "ko")["mnrl", "ko"]
    assert own.mean[0] == 0.75  # of 0.5 and 1.0
    assert own.seed_sd[0] == pytest.approx(0.5 / 2**0.5)
    assert (own.n_queries, own.n_seeds) == (2, 2)


def test_one_seed_has_no_spread() -> None:
    own = lines_of({("mnrl", "ko"): by_hand([0.0, 1.0])}, "ko")["mnrl", "ko"]
    assert np.isnan([own.seed_sd[0], own.seeds_low[0], own.seeds_high[0]]).all()


def test_one_query_has_no_interval_and_still_a_rank() -> None:
    cells = {("base", "ko"): by_hand([0.5]), ("mnrl", "ko"): by_hand([0.75], [0.25]), ("clpl", "ko"): by_hand([0.125])}
    found = lines_of(cells, "ko")
    own = found["mnrl", "average"]
    assert np.isnan([own.low[0], own.high[0], own.delta_low[0], own.detectable[0], own.queries_low[0]]).all()
    assert (own.p[0], own.equivalence[0], own.delta[0]) == (1.0, 1.0, 0.0)
    assert (found["clpl", "ko"].rank_best[0], found["clpl", "ko"].rank_worst[0]) == (3, 3)


def test_the_average_weighs_languages_alike_whatever_their_number_of_queries() -> None:
    cells = {("mnrl", "ko"): by_hand([1.0]), ("mnrl", "hi"): by_hand([0.0, 0.0, 0.0])}
    average = lines_of(cells, "ko", "hi")["mnrl", "average"]
    assert average.mean[0] == 0.5
    assert average.n_queries == 4


def test_the_spread_of_the_average_is_over_seeds_of_the_languages_average() -> None:
    cells = {("mnrl", "ko"): by_hand([0.25], [0.75]), ("mnrl", "hi"): by_hand([0.75], [0.25])}
    assert lines_of(cells, "ko", "hi")["mnrl", "average"].seed_sd[0] == 0.0


def test_the_average_counts_only_seeds_that_every_language_has() -> None:
    cells = {("mnrl", "ko"): by_hand([0.2], [0.4]), ("mnrl", "hi"): by_hand([0.6])}
    average = lines_of(cells, "ko", "hi")["mnrl", "average"]
    assert average.mean[0] == pytest.approx(0.45)
    assert average.n_seeds == 1


def test_a_constant_gain_over_the_base_has_a_paired_interval_of_no_width() -> None:
    base = np.random.Generator(np.random.PCG64(1)).random((50, 1))
    cells = {("base", "ko"): Scored({0: base}), ("mnrl", "ko"): Scored({0: base + 0.125})}
    own = lines_of(cells, "ko")["mnrl", "ko"]
    assert [own.delta[0], own.delta_low[0], own.delta_high[0]] == pytest.approx([0.125] * 3)
    assert own.high[0] - own.low[0] > 0.1


def test_there_is_no_difference_where_the_baseline_is_absent_in_one_language() -> None:
    cells = {("base", "ko"): by_hand([0.5]), ("mnrl", "ko"): by_hand([1.0]), ("mnrl", "hi"): by_hand([1.0])}
    found = lines_of(cells, "ko", "hi")
    assert found["mnrl", "ko"].delta[0] == 0.5
    assert np.isnan(found["mnrl", "hi"].delta[0])
    assert np.isnan(found["mnrl", "average"].delta[0])


def test_an_interval_does_not_depend_on_what_other_entries_there_are(scored: Board, found: Found) -> None:
    alone = lines_of({("mnrl", "ko"): scored["mnrl", "ko"]}, "ko")["mnrl", "ko"]
    assert alone.low == pytest.approx(found["mnrl", "ko"].low, abs=1e-12)
    assert alone.high == pytest.approx(found["mnrl", "ko"].high, abs=1e-12)


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
