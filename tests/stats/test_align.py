"""Scores are aligned by query id (docs/traps.md, T13)."""

import numpy as np
import pytest

from harness.errors import DataError
from harness.stats.align import aligned, finite


def test_scores_are_ordered_by_query_id_whatever_their_order_was() -> None:
    queries, scores = aligned({"new": {"q2": 0.2, "q1": 0.1}, "old": {"q1": 0.3, "q2": 0.4}})
    assert queries == ("q1", "q2")
    assert scores.tolist() == [[0.1, 0.2], [0.3, 0.4]]


def test_different_queries_are_rejected_and_one_of_them_is_named() -> None:
    with pytest.raises(DataError, match="new and old answer different queries: 2 queries are in one only, 'q2' first"):
        aligned({"new": {"q1": 0.1, "q2": 0.2}, "old": {"q1": 0.3, "q3": 0.4}})


def test_a_baseline_with_fewer_queries_is_rejected() -> None:
    with pytest.raises(DataError, match="1 queries are in one only, 'q2' first"):
        aligned({"new": {"q1": 0.1, "q2": 0.2}, "old": {"q1": 0.3}})


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_rejected_with_its_query(score: float) -> None:
    with pytest.raises(DataError, match=f"old has the score {score} for query 'q1'"):
        aligned({"new": {"q1": 0.1}, "old": {"q1": score}})


@pytest.mark.parametrize("scores", [{}, {"new": {}}])
def test_nothing_to_align_is_rejected(scores: dict[str, dict[str, float]]) -> None:
    with pytest.raises(DataError, match=r"no scores to align|new has no query"):
        aligned(scores)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(3), "array of 2 dimensions"),
        (np.zeros((0, 3)), "non-empty array"),
        (np.array([[np.nan]]), "must be finite"),
    ],
)
def test_arrays_of_another_shape_and_nan_are_rejected(values: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        finite(values, 2)
