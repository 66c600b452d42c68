"""Scores per query: equal to trec_eval's, nothing missing, nothing dropped, nothing rounded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from harness.errors import CellError
from harness.stages.score import score
from harness.vectors.search import strictly_decreasing

MEASURES = ("nDCG@5", "nDCG@10", "R@100", "RR@10", "AP")
Qrels = dict[str, dict[str, int]]
Ranked = dict[str, list[tuple[str, float]]]


def random_case(seed: int, queries: int = 12, corpus: int = 150) -> tuple[Ranked, Qrels]:
    """Return runs of 0 to 120 passages with ties, and graded judgments, some of passages that no run holds."""
    generator = np.random.default_rng(seed)
    docs = [f"d{i}" for i in range(corpus)]
    ranking: Ranked = {}
    qrels: Qrels = {}
    for number in range(queries):
        query = f"q{number}"
        judged = generator.choice(docs, int(generator.integers(1, 15)), replace=False)
        qrels[query] = {str(doc): int(generator.integers(0, 4)) for doc in judged}
        retrieved = generator.choice(docs, int(generator.integers(1, 121)), replace=False)
        scores = generator.integers(0, 40, len(retrieved)) / 7  # 40 values among up to 120 passages: many ties
        ranking[query], _ = strictly_decreasing([(str(d), float(s)) for d, s in zip(retrieved, scores, strict=True)])
    return ranking, qrels


def trec_eval(ranking: Ranked, qrels: Qrels) -> dict[str, dict[str, float]]:
    """Return the measures from pytrec_eval itself; RR@10 is recip_rank of the run cut at 10."""
    import pytrec_eval

    run = {query: dict(rows) for query, rows in ranking.items()}
    cut = {query: dict(rows[:10]) for query, rows in ranking.items()}
    measured = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.5,10", "recall.100", "map"}).evaluate(run)
    first = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate(cut)
    return {
        "nDCG@5": {query: values["ndcg_cut_5"] for query, values in measured.items()},
        "nDCG@10": {query: values["ndcg_cut_10"] for query, values in measured.items()},
        "R@100": {query: values["recall_100"] for query, values in measured.items()},
        "RR@10": {query: values["recip_rank"] for query, values in first.items()},
        "AP": {query: values["map"] for query, values in measured.items()},
    }


@pytest.mark.parametrize("seed", range(20))
def test_every_query_has_the_score_of_pytrec_eval_with_graded_judgments(seed: int) -> None:
    ranking, qrels = random_case(seed)
    expected = trec_eval(ranking, qrels)
    scores = score(ranking, qrels, MEASURES)
    for measure in MEASURES:
        assert dict(scores[measure]) == pytest.approx(expected[measure], abs=1e-15)


def test_a_judged_query_without_results_scores_zero() -> None:
    qrels = {f"q{i}": {"d": 1} for i in range(10)}
    ranking = {f"q{i}": [("d", 1.0)] for i in range(5)}
    scores = score(ranking, qrels, MEASURES)
    for measure in MEASURES:
        assert sorted(scores[measure]) == sorted(qrels)
        assert (
            sum(scores[measure].values()) / len(scores[measure]) == 0.5
        )  # docs/traps.md, T2: beir and mteb report 1.0


def test_a_query_with_an_empty_ranking_scores_zero() -> None:
    scores = score({"q1": [], "q2": [("d", 1.0)]}, {"q1": {"d": 1}, "q2": {"d": 1}}, MEASURES)
    assert {measure: scores[measure]["q1"] for measure in MEASURES} == dict.fromkeys(MEASURES, 0.0)


def test_an_empty_run_scores_zero_everywhere() -> None:
    assert score({}, {"q": {"d": 1}}, ("AP",)) == {"AP": {"q": 0.0}}


def test_an_unjudged_query_has_no_score() -> None:
    scores = score({"q": [("d", 1.0)], "unjudged": [("d", 1.0)]}, {"q": {"d": 1}}, MEASURES)
    assert all(list(scores[measure]) == ["q"] for measure in MEASURES)


def test_a_query_without_relevant_passages_scores_zero_and_is_counted() -> None:
    scores = score({"q": [("d", 1.0)]}, {"q": {"d": 0}}, MEASURES)
    assert {measure: scores[measure]["q"] for measure in MEASURES} == dict.fromkeys(MEASURES, 0.0)


def test_a_passage_with_the_id_of_its_query_is_kept() -> None:
    scores = score({"7": [("7", 2.0), ("8", 1.0)]}, {"7": {"7": 1}}, MEASURES)
    assert {measure: scores[measure]["7"] for measure in MEASURES} == dict.fromkeys(MEASURES, 1.0)


def test_the_callers_run_and_judgments_are_not_changed() -> None:
    ranking = {"7": [("7", 2.0), ("8", 1.0)]}
    qrels = {"7": {"7": 1}}
    score(ranking, qrels, MEASURES)
    assert ranking == {"7": [("7", 2.0), ("8", 1.0)]}
    assert qrels == {"7": {"7": 1}}


def test_nothing_is_rounded() -> None:
    scores = score({"q": [("a", 3.0), ("b", 2.0), ("c", 1.0)]}, {"q": {"c": 1}}, ("RR@10", "nDCG@10"))
    assert scores["RR@10"]["q"] == 1 / 3
    assert scores["nDCG@10"]["q"] == 0.5


def test_a_relevant_passage_at_rank_11_has_no_reciprocal_rank_at_10() -> None:
    rows = [(f"d{i:02}", 20.0 - i) for i in range(12)]
    scores = score({"q": rows}, {"q": {"d10": 1}}, ("RR@10", "AP"))
    assert scores["RR@10"]["q"] == 0
    assert scores["AP"]["q"] == pytest.approx(1 / 11)


def test_a_nan_score_is_an_error_with_measure_and_query(monkeypatch: pytest.MonkeyPatch) -> None:
    import ir_measures

    def broken(measures: list[Any], *_: object) -> list[Any]:
        return [SimpleNamespace(query_id="q", measure=measures[0], value=float("nan"))]

    monkeypatch.setattr(ir_measures, "iter_calc", broken)
    with pytest.raises(CellError, match=r"^AP of query q is NaN$"):
        score({"q": [("d", 1.0)]}, {"q": {"d": 1}}, ("AP",))
