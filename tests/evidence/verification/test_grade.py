"""Each grade is reached by a pair of results made by hand."""

from __future__ import annotations

import pytest

from harness.evidence.verification.grade import BOUND, Measured, grade, largest_difference

RUN = {"q1": {"d1": 0.9, "d2": 0.5}, "q2": {"d2": 0.8, "d1": 0.1}}
SCORES = {"nDCG@10": {"q1": 1.0, "q2": 0.5}, "AP": {"q1": 1.0, "q2": 0.25}}
STORED = Measured({"model.safetensors": "ab"}, RUN, SCORES)


def shifted(by: float) -> dict[str, dict[str, float]]:
    return {query: {doc: score + by for doc, score in rows.items()} for query, rows in RUN.items()}


def many(shift: float, n: int = 200) -> dict[str, dict[str, float]]:
    return {"nDCG@10": {f"q{i}": 0.5 + shift + (0.001 if i % 2 else -0.001) for i in range(n)}}


def test_equal_weights_ranking_and_scores_are_bitwise() -> None:
    assert grade(STORED, Measured({"model.safetensors": "ab"}, RUN, SCORES)).word == "bitwise"


def test_a_ranker_without_weights_can_be_bitwise() -> None:
    assert grade(Measured(None, RUN, SCORES), Measured(None, RUN, SCORES)).word == "bitwise"


def test_other_weights_with_the_same_ranking_are_numerical() -> None:
    assert grade(STORED, Measured({"model.safetensors": "cd"}, RUN, SCORES)).word == "numerical"


def test_scores_that_differ_by_less_than_the_bound_are_numerical() -> None:
    found = grade(STORED, Measured({"model.safetensors": "ab"}, shifted(BOUND / 2), SCORES))
    assert (found.word, found.run_equal, found.weights_equal) == ("numerical", False, True)
    assert found.largest_score_difference == pytest.approx(BOUND / 2)


def test_close_scores_with_a_mean_beyond_the_margin_are_not_numerical() -> None:
    moved = {**SCORES, "AP": {"q1": 0.9, "q2": 0.25}}
    assert grade(STORED, Measured({"model.safetensors": "ab"}, shifted(BOUND / 2), moved)).word == "failed"


def test_means_that_are_shown_to_be_within_the_margin_are_statistical() -> None:
    queries = [f"q{i}" for i in range(200)]
    one, other = {q: {"d": 0.9} for q in queries}, {q: {"d": 0.7} for q in queries}
    assert grade(Measured({}, one, many(0.0)), Measured({}, other, many(0.002))).word == "statistical"


def test_a_drop_beyond_the_margin_has_failed_and_names_the_measure() -> None:
    queries = [f"q{i}" for i in range(200)]
    one, other = {q: {"d": 0.9} for q in queries}, {q: {"d": 0.7} for q in queries}
    found = grade(Measured({}, one, many(0.0)), Measured({}, other, many(-0.02)))
    assert found.word == "failed"
    assert "the mean of nDCG@10 differs by 0.0200" in found.why


def test_few_queries_show_no_equivalence() -> None:
    noisy = {"nDCG@10": {"q1": 0.9, "q2": 0.6}, "AP": {"q1": 1.0, "q2": 0.25}}
    assert grade(STORED, Measured({}, shifted(0.1), noisy)).word == "failed"


def test_other_queries_or_measures_have_failed() -> None:
    fewer = {"nDCG@10": SCORES["nDCG@10"]}
    assert grade(STORED, Measured({}, RUN, fewer)).why == "other measures or other queries were scored"


def test_equal_rankings_with_other_scores_have_failed() -> None:
    better = {**SCORES, "nDCG@10": {"q1": 1.0, "q2": 0.6}}
    assert grade(STORED, Measured({"model.safetensors": "ab"}, RUN, better)).word == "failed"


def test_a_passage_that_only_one_ranking_has_counts_by_its_distance_to_the_others_last() -> None:
    assert largest_difference({"q": {"d1": 0.9, "d2": 0.50}}, {"q": {"d1": 0.9, "d3": 0.51}}) == pytest.approx(0.01)
    assert largest_difference({"q": {"d1": 0.9, "d2": 0.5}}, {"q": {"d3": 0.9, "d2": 0.5}}) == pytest.approx(0.4)


def test_scores_beyond_1_are_compared_relative_to_the_largest() -> None:
    assert largest_difference({"q": {"d1": 20.0}}, {"q": {"d1": 20.1}}) == pytest.approx(0.1 / 20.1)


def test_an_unknown_ranking_leaves_the_measures_to_show_it() -> None:
    before = Measured({"model": "a"}, None, many(0.0))
    close, far = (Measured({"model": "b"}, {"q": {"d": 1.0}}, many(shift)) for shift in (0.0001, 0.05))
    assert (grade(before, close).word, grade(before, close).largest_score_difference) == ("statistical", None)
    assert grade(before, far).word == "failed"


def test_other_queries_are_infinitely_far() -> None:
    assert largest_difference({"q1": {"d": 1.0}}, {"q2": {"d": 1.0}}) == float("inf")
