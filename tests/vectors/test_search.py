"""Exact search: equal to brute force, one tie rule, bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.exact_search import search

from harness.vectors import search_host
from harness.vectors.embedding import Vectors
from harness.vectors.search import strictly_decreasing


def vectors(prefix: str, matrix: NDArray[np.float32]) -> Vectors:
    return Vectors([f"{prefix}{i:06}" for i in range(len(matrix))], matrix)


def brute_force(queries: Vectors, passages: Vectors, depth: int) -> dict[str, list[str]]:
    """Sort every passage by (similarity, id), both descending."""
    ranking = {}
    for name, query in zip(queries.ids, queries.matrix, strict=True):
        pairs = [
            (float(np.dot(query, passage)), doc) for doc, passage in zip(passages.ids, passages.matrix, strict=True)
        ]
        ranking[name] = [doc for _, doc in sorted(pairs, reverse=True)[:depth]]
    return ranking


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(0, 9), st.integers(1, 40)),
    depth=st.integers(1, 45),
    blocks=st.tuples(st.integers(1, 10), st.integers(1, 41)),
    values=st.integers(0, 3),
)
def test_search_equals_brute_force_for_any_size_depth_block_and_number_of_ties(
    seed: int, sizes: tuple[int, int], depth: int, blocks: tuple[int, int], values: int
) -> None:
    generator = np.random.default_rng(seed)
    # integers, so that every product is exact in float32 and ties are real; with values=0 all passages tie
    queries = vectors("q", generator.integers(-values, values + 1, (sizes[0], 3)).astype(np.float32))
    passages = vectors("d", generator.integers(-values, values + 1, (sizes[1], 3)).astype(np.float32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_host, "QUERY_BLOCK", blocks[0])
        ranking, _ = search(queries, passages, depth, blocks[1])
    assert {query: [doc for doc, _ in rows] for query, rows in ranking.items()} == brute_force(queries, passages, depth)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), values=st.integers(0, 2))
def test_written_scores_are_strictly_decreasing_in_float32_and_close_to_the_similarity(seed: int, values: int) -> None:
    generator = np.random.default_rng(seed)
    queries = vectors("q", generator.integers(-values, values + 1, (4, 3)).astype(np.float32))
    passages = vectors("d", generator.integers(-values, values + 1, (30, 3)).astype(np.float32))
    ranking, _ = search(queries, passages, 30)
    for row, name in enumerate(queries.ids):
        written = np.array([score for _, score in ranking[name]], dtype=np.float32)
        assert (np.diff(written) < 0).all()
        similarity = [float(queries.matrix[row] @ passages.matrix[int(doc[1:])]) for doc, _ in ranking[name]]
        assert np.allclose(written, similarity, rtol=1e-5, atol=1e-37)


def test_equal_scores_are_ordered_by_passage_id_descending_as_trec_eval_orders_them() -> None:
    same = np.ones((3, 2), dtype=np.float32)
    ranking, ties = search(Vectors(["q"], same[:1]), Vectors(["a", "b", "c"], same), 2)
    assert [doc for doc, _ in ranking["q"]] == ["c", "b"]
    assert ties == 1


def test_a_tie_at_the_cut_off_keeps_the_larger_id_even_from_a_later_block() -> None:
    passages = Vectors(["a", "b", "c", "d", "e"], np.array([[1], [2], [1], [0], [1]], dtype=np.float32))
    ranking, _ = search(Vectors(["q"], np.ones((1, 1), dtype=np.float32)), passages, 2, block=2)
    assert [doc for doc, _ in ranking["q"]] == ["b", "e"]


def test_a_corpus_smaller_than_the_depth_is_ranked_completely() -> None:
    passages = Vectors(["a", "b"], np.array([[0.5], [1.0]], dtype=np.float32))
    ranking, _ = search(Vectors(["q"], np.ones((1, 1), dtype=np.float32)), passages, 100)
    assert ranking == {"q": [("b", 1.0), ("a", 0.5)]}


def test_scores_that_are_equal_in_float32_are_a_tie() -> None:
    rows, ties = strictly_decreasing([("a", 0.5 + 1e-9), ("b", 0.5)])
    assert [doc for doc, _ in rows] == ["b", "a"]
    assert ties == 1
    assert np.float32(rows[0][1]) > np.float32(rows[1][1])


def test_three_tied_scores_are_two_ties_and_become_adjacent_floats() -> None:
    rows, ties = strictly_decreasing([("a", 0.25), ("b", 0.25), ("c", 0.25)])
    below = np.nextafter(np.float32(0.25), np.float32(0))
    assert rows == [("c", 0.25), ("b", float(below)), ("a", float(np.nextafter(below, np.float32(0))))]
    assert ties == 2


def test_a_score_just_below_a_tie_is_lowered_and_keeps_its_rank() -> None:
    below = float(np.nextafter(np.float32(0.25), np.float32(0)))
    rows, ties = strictly_decreasing([("b", 0.25), ("a", 0.25), ("z", below)])
    assert [doc for doc, _ in rows] == ["b", "a", "z"]
    assert rows[1][1] > rows[2][1]
    assert ties == 1


def test_negative_and_zero_scores_also_decrease_strictly() -> None:
    rows, _ = strictly_decreasing([("a", 0.0), ("b", 0.0), ("c", -1.0), ("d", -1.0)])
    assert [doc for doc, _ in rows] == ["b", "a", "d", "c"]
    assert (np.diff(np.array([score for _, score in rows], dtype=np.float32)) < 0).all()


def test_memory_is_far_below_queries_times_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_host, "QUERY_BLOCK", 64)
    generator = np.random.default_rng(0)
    queries = vectors("q", generator.standard_normal((1000, 8), dtype=np.float32))
    passages = vectors("d", generator.standard_normal((20_000, 8), dtype=np.float32))
    tracemalloc.start()
    try:
        search(queries, passages, 10, block=512)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    product = 1000 * 20_000 * 4  # 80 MB of similarities
    assert peak < product / 10
