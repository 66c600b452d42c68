"""From a folder of records to the rows of the leaderboard, and what is rejected on the way."""

import json
import math
import shutil
from pathlib import Path

import pytest
from support.fake_records import board, draw, put, put_failed

from harness.errors import DataError, NothingMeasured, RequestError
from harness.evidence.leaderboard import COLUMNS, Leaderboard, collate
from harness.results.record import PER_QUERY, path_of


def row(leaderboard: Leaderboard, entry: str, language: str, measure: str) -> dict[str, object]:
    rows = leaderboard.rows
    chosen = rows[(rows["entry"] == entry) & (rows["language"] == language) & (rows["measure"] == measure)]
    assert len(chosen) == 1
    return {str(name): value for name, value in chosen.to_dict("records")[0].items()}


def test_columns_stand_in_the_documented_order(tmp_path: Path) -> None:
    leaderboard = collate(board(tmp_path, ["base"], {"ko": 5}, [0]))
    assert ",".join(leaderboard.rows.columns) == (
        "suite,entry,language,measure,mean,ci_low,ci_high,n_queries,n_seeds,seed_sd,"
        "delta_vs_base,delta_ci_low,delta_ci_high,p_adjusted,verdict"
    )
    assert tuple(leaderboard.rows.columns) == COLUMNS


def test_there_is_a_row_for_each_entry_language_and_measure_and_for_the_average(tmp_path: Path) -> None:
    leaderboard = collate(board(tmp_path, ["base", "mnrl"], {"ko": 5, "hi": 4}, [0, 1]))
    assert len(leaderboard.rows) == 2 * (2 + 1) * 5
    assert leaderboard.languages == ("ko", "hi")
    assert leaderboard.measures == ("nDCG@10", "nDCG@5", "R@100", "RR@10", "AP")
    assert leaderboard.rows["language"].iloc[:15:5].tolist() == ["ko", "hi", "average"]


def test_means_and_differences_are_those_of_the_scores(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.25, "b": 0.25}})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.0, "b": 1.0}})
    put(tmp_path, ("mnrl", "ko", 1), {"AP": {"a": 1.0, "b": 1.0}})
    mnrl = row(collate(tmp_path), "mnrl", "ko", "AP")
    assert (mnrl["mean"], mnrl["n_seeds"], mnrl["n_queries"], mnrl["delta_vs_base"]) == (0.75, 2, 2, 0.5)


def test_intervals_and_p_are_those_of_the_evidence(tmp_path: Path) -> None:
    leaderboard = collate(board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 30, "hi": 20}, [0, 1, 2]))
    (line,) = [one for one in leaderboard.evidence if (one.entry, one.language) == ("mnrl", "average")]
    i = leaderboard.measures.index("AP")
    own = row(leaderboard, "mnrl", "average", "AP")
    assert (own["ci_low"], own["ci_high"]) == (line.low[i], line.high[i])
    assert (own["delta_ci_low"], own["delta_ci_high"]) == (line.delta_low[i], line.delta_high[i])
    assert own["p_adjusted"] == line.p_adjusted[i]
    assert own["seed_sd"] == line.seed_sd[i]


def test_one_query_has_no_interval(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.25}})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5}})
    own = row(collate(tmp_path), "mnrl", "ko", "AP")
    assert (own["mean"], own["delta_vs_base"]) == (0.5, 0.25)
    names = ("ci_low", "ci_high", "delta_ci_low", "delta_ci_high", "p_adjusted")
    assert all(math.isnan(float(str(own[name]))) for name in names)


def test_queries_are_aligned_by_id_not_by_place(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.0, "b": 0.5, "c": 1.0}})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"c": 1.0, "a": 0.0, "b": 0.5}})
    mnrl = row(collate(tmp_path), "mnrl", "ko", "AP")
    assert (mnrl["delta_ci_low"], mnrl["delta_ci_high"]) == (0.0, 0.0)


def test_no_p_value_and_no_verdict_is_made_up(tmp_path: Path) -> None:
    rows = collate(board(tmp_path, ["clpl", "mnrl"], {"ko": 5}, [0])).rows
    assert rows["p_adjusted"].isna().all()
    assert set(rows["verdict"]) == {""}


def test_another_baseline_can_be_declared(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    leaderboard = collate(tmp_path, "mnrl")
    to_mnrl = float(str(row(leaderboard, "base", "ko", "AP")["delta_vs_base"]))
    to_base = float(str(row(collate(tmp_path), "mnrl", "ko", "AP")["delta_vs_base"]))
    assert leaderboard.baseline == "mnrl"
    assert to_mnrl == pytest.approx(-to_base)
    assert math.isnan(float(str(row(leaderboard, "mnrl", "ko", "AP")["delta_vs_base"])))


def test_a_baseline_that_was_not_measured_is_rejected(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0])
    with pytest.raises(RequestError, match=r"unknown baseline 'mnlr' in .*; did you mean 'mnrl'"):
        collate(tmp_path, "mnlr")


def test_the_contrasts_with_the_baseline_are_its_rows(tmp_path: Path) -> None:
    leaderboard = collate(board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 9, "hi": 4}, [0, 1]))
    (one,) = [c for c in leaderboard.contrasts if (c.entry, c.baseline, c.language) == ("mnrl", "base", "hi")]
    numbers = (one.delta, one.low, one.high, one.p_adjusted)
    for i, measure in enumerate(leaderboard.measures):
        own = row(leaderboard, "mnrl", "hi", measure)
        columns = ("delta_vs_base", "delta_ci_low", "delta_ci_high", "p_adjusted")
        assert [values[i] for values in numbers] == pytest.approx([own[name] for name in columns], abs=1e-12)
    assert len(leaderboard.contrasts) == 3 * 2 * 3


def test_records_can_be_had_by_entry_and_language(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5, "hi": 5}, [0, 1])
    put_failed(tmp_path, ("mnrl", "ko", 2), "out of memory")
    groups = collate(tmp_path).records_by_pair
    assert [record.seed for record in groups["mnrl", "ko"]] == [0, 1]
    assert set(groups) == {("base", "ko"), ("base", "hi"), ("mnrl", "ko"), ("mnrl", "hi")}


def test_the_primary_measure_of_run_json_stands_first(tmp_path: Path) -> None:
    board(tmp_path, ["base"], {"ko": 5}, [0])
    (tmp_path / "run.json").write_text('{"resolved": {"primary": "AP"}}')
    leaderboard = collate(tmp_path)
    assert leaderboard.primary == "AP"
    assert leaderboard.measures[0] == "AP"


def test_without_run_json_the_first_measure_that_was_written_is_the_primary_one(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5, ("RR@10", "AP")))
    leaderboard = collate(tmp_path)
    assert leaderboard.primary == "RR@10"
    assert leaderboard.run.content == {}


def test_a_language_asked_for_and_not_yet_measured_denies_the_average(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5))
    (tmp_path / "run.json").write_text('{"resolved": {"languages": ["ko", "hi"]}}')
    assert set(collate(tmp_path).rows["language"]) == {"ko"}


def test_a_failed_cell_leaves_the_other_seeds_and_is_listed(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 5}, [0, 1])
    put_failed(tmp_path, ("mnrl", "ko", 2), "out of memory")
    leaderboard = collate(tmp_path)
    assert row(leaderboard, "mnrl", "ko", "AP")["n_seeds"] == 2
    assert [(record.seed, record.reason) for record in leaderboard.failures] == [(2, "out of memory")]


def test_no_record_is_nothing_measured(tmp_path: Path) -> None:
    with pytest.raises(NothingMeasured, match=r"no records below .*records; name a folder") as caught:
        collate(tmp_path)
    assert caught.value.exit_status == 3


def test_only_failed_records_are_nothing_measured_with_the_first_reason_on_one_line(tmp_path: Path) -> None:
    put_failed(tmp_path, ("clpl", "ko", 0), "out of\nmemory")
    put_failed(tmp_path, ("mnrl", "ko", 0), "diverged")
    with pytest.raises(NothingMeasured, match=r"all cells in .* failed \(2\); clpl/ko/0: out of memory$"):
        collate(tmp_path)


def test_records_of_two_suites_are_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5), suite="mini")
    put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 5), suite="wikiqa")
    with pytest.raises(DataError, match=r"two suites \(mini, wikiqa\)"):
        collate(tmp_path)


def test_entries_over_different_queries_are_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "c": 0.5}})
    with pytest.raises(DataError, match=r"mnrl/ko/0 and base/ko/0 answer different queries: '[bc]'"):
        collate(tmp_path)


def test_seeds_over_different_queries_are_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    put(tmp_path, ("mnrl", "ko", 1), {"AP": {"a": 0.5}})
    with pytest.raises(DataError, match="mnrl/ko/1 and mnrl/ko/0 answer different queries: 'b'"):
        collate(tmp_path)


def test_records_with_different_measures_are_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5, ("AP",)))
    put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 5, ("AP", "R@100")))
    with pytest.raises(DataError, match="mnrl/ko/0 has other measures than the other records: AP, R@100"):
        collate(tmp_path)


def test_a_changed_per_query_file_is_rejected_by_name(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5))
    other = put(tmp_path / "other", ("base", "ko", 0), draw("base", "ko", 1, 5))
    assert other.files
    shutil.copy(tmp_path / "other/records/base/ko/0.per_query.parquet", tmp_path / "records/base/ko/")
    shutil.rmtree(tmp_path / "other")
    with pytest.raises(DataError, match=r"base/ko/0\.per_query\.parquet does not match the sha256 in its record"):
        collate(tmp_path)


def test_a_missing_per_query_file_is_rejected_by_name(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5))
    (tmp_path / "records/base/ko" / f"0.{PER_QUERY}").unlink()
    with pytest.raises(DataError, match=r"base/ko/0\.per_query\.parquet cannot be read"):
        collate(tmp_path)


def test_a_record_whose_mean_is_not_that_of_its_scores_is_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.25, "b": 0.75}}, measures={"AP": 0.9})
    with pytest.raises(DataError, match=r"gives AP 0\.5, its record 0\.9"):
        collate(tmp_path)


def rewrite_scores(folder: Path, values: dict[str, list[object]]) -> None:
    """Replace the scores of base/ko/0 and give its record the new hash."""
    import pandas

    from harness.keys import file_sha256

    record = path_of(folder, "base", "ko", 0)
    scores = record.with_name(f"0.{PER_QUERY}")
    pandas.DataFrame(values).to_parquet(scores)
    content = json.loads(record.read_text())
    content["files"][PER_QUERY] = file_sha256(scores)
    record.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"query_id": ["a", "b"], "measure": ["AP", "AP"], "value": [0.5, math.nan]}, "no value, or NaN"),
        ({"query_id": ["a", "b", "a"], "measure": ["AP", "AP", "RR"], "value": [0.5] * 3}, "no value, or NaN"),
        ({"query_id": [], "measure": [], "value": []}, "not text"),
        ({"query_id": ["a", "a"], "measure": ["AP", "AP"], "value": [0.5, 0.5]}, "not one value per query_id"),
        ({"qid": ["a"], "measure": ["AP"], "value": [0.5]}, "not one value per query_id"),
        ({"query_id": ["a"], "measure": ["AP"], "value": ["x"]}, "not one value per query_id"),
    ],
)
def test_scores_that_are_not_one_number_per_query_and_measure_are_rejected(
    tmp_path: Path, values: dict[str, list[object]], problem: str
) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    rewrite_scores(tmp_path, values)
    with pytest.raises(DataError, match=problem) as caught:
        collate(tmp_path)
    assert "\n" not in str(caught.value)


def test_equal_weights_under_two_seeds_are_rejected(tmp_path: Path) -> None:
    for seed in (0, 1):
        put(tmp_path, ("mnrl", "ko", seed), draw("mnrl", "ko", seed, 5), provenance={"model": {"sha256": "ab"}})
    with pytest.raises(DataError, match="equal weights under two seeds: mnrl/ko has the same model for 0 and 1"):
        collate(tmp_path)


def test_equal_weights_of_two_entries_or_of_no_training_are_accepted(tmp_path: Path) -> None:
    same = {"model": {"sha256": "ab"}}
    for entry in ("mnrl", "clpl"):
        put(tmp_path, (entry, "ko", 0), draw(entry, "ko", 0, 5), provenance=same)
    for seed in (0, 1):
        put(tmp_path, ("base", "ko", seed), draw("base", "ko", seed, 5), provenance=same, trained=False)
        put(tmp_path, ("bm25", "ko", seed), draw("bm25", "ko", seed, 5), provenance={"model": None})
    assert len(collate(tmp_path).records) == 6


def test_a_record_copied_under_another_name_is_rejected(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 5))
    shutil.copy(tmp_path / "records/mnrl/ko/0.json", tmp_path / "records/mnrl/ko/1.json")
    with pytest.raises(DataError, match="two records of the cell mnrl/ko/0"):
        collate(tmp_path)


@pytest.mark.parametrize(("content", "problem"), [("{", "is not valid JSON"), ("[]", "does not hold a JSON object")])
def test_a_damaged_run_json_is_rejected(tmp_path: Path, content: str, problem: str) -> None:
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5))
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError, match=problem):
        collate(tmp_path)


def test_the_primary_measure_of_a_bundled_suite_is_read_from_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from harness.request import suite

    declared = SimpleNamespace(evaluation=SimpleNamespace(primary="AP"))
    monkeypatch.setattr(suite, "load", {"fake": declared}.__getitem__)
    monkeypatch.setattr(suite, "names", lambda: ["fake"])
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 5))
    assert collate(tmp_path).primary == "AP"
