"""Blocks of passages: numpy arrays or torch tensors, of any size, in any order, resumed anywhere: one result."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.vectors import search_device, search_host
from harness.vectors.search import Block, TopK, cut
from harness.vectors.search_keys import EMPTY, keys_of, rows_of, scores_of

Matrix = NDArray[np.float32]
State = tuple[NDArray[np.int64], Matrix]


def on_host(block: Matrix) -> Block:
    return block


def on_device(block: Matrix) -> Block:
    return torch.from_numpy(block)


BOTH = pytest.mark.parametrize("placed", [on_host, on_device])


def quantised(seed: int, rows: int, values: int) -> Matrix:
    """Integers, so that every product is exact in float32 and ties are real; with values=0 all passages tie."""
    return np.random.default_rng(seed).integers(-values, values + 1, (rows, 3)).astype(np.float32)


def unit(seed: int, rows: int, dim: int) -> Matrix:
    matrix = np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def searched(queries: Matrix, passages: Matrix, depth: int, ends: list[int], placed: Callable[[Matrix], Block]) -> TopK:
    """Search blocks that end at these rows and at the last."""
    best = TopK(queries, depth)
    for start, end in pairwise(sorted({0, *ends, len(passages)})):
        best.add(start, placed(passages[start:end]))
    return best


def brute_force(queries: Matrix, passages: Matrix, depth: int) -> State:
    """Sort every passage by (similarity, row), both descending."""
    similarities = queries @ passages.T
    rows = np.array([np.lexsort((np.arange(len(row)), row))[::-1][:depth] for row in similarities], dtype=np.int64)
    rows = rows.reshape(len(queries), min(depth, len(passages)))
    return rows, np.take_along_axis(similarities, rows, axis=1)


def assert_equal(found: State, expected: State) -> None:
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    queries=st.integers(0, 9),
    passages=st.integers(1, 60),
    depth=st.integers(1, 70),
    ends=st.lists(st.integers(1, 60), max_size=8),
    values=st.integers(0, 3),
    limits=st.tuples(st.integers(1, 10), st.integers(1, 200)),
)
@BOTH
def test_blocks_of_any_sizes_give_the_rows_and_scores_of_brute_force(
    placed: Callable[[Matrix], Block],
    seed: int,
    queries: int,
    passages: int,
    depth: int,
    ends: list[int],
    values: int,
    limits: tuple[int, int],
) -> None:
    asked, corpus = quantised(seed, queries, values), quantised(seed + 1, passages, values)
    ends = [end for end in ends if end < passages]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_host, "QUERY_BLOCK", limits[0])
        patch.setattr(search_host, "CELLS", limits[1])
        patch.setattr(search_device, "QUERY_BLOCK", limits[0])
        found = searched(asked, corpus, depth, ends, placed).state()
    assert_equal(found, brute_force(asked, corpus, depth))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), depth=st.integers(1, 30), cuts=st.permutations([7, 20, 33]))
@BOTH
def test_a_search_resumed_in_the_middle_gives_the_same_bytes(
    placed: Callable[[Matrix], Block], seed: int, depth: int, cuts: list[int]
) -> None:
    queries, passages = quantised(seed, 5, 2), quantised(seed + 1, 50, 2)
    whole = searched(queries, passages, depth, cuts, placed).state()
    stop = cuts[0]
    first = searched(queries, passages[:stop], depth, [end for end in cuts if end < stop], placed)
    resumed = TopK(queries, depth)
    resumed.restore(*first.state())
    for start, end in pairwise(sorted({stop, *(end for end in cuts if end > stop), len(passages)})):
        resumed.add(start, placed(passages[start:end]))
    assert [part.tobytes() for part in resumed.state()] == [part.tobytes() for part in whole]


def test_a_resumed_search_of_unit_vectors_gives_the_same_bytes() -> None:
    queries, passages = unit(0, 300, 32), unit(1, 2000, 32)
    whole = searched(queries, passages, 20, [500, 1000, 1500], on_host).state()
    resumed = TopK(queries, 20)
    resumed.restore(*searched(queries, passages[:1000], 20, [500], on_host).state())
    resumed.add(1000, passages[1000:1500])
    resumed.add(1500, passages[1500:])
    assert [part.tobytes() for part in resumed.state()] == [part.tobytes() for part in whole]


def test_scores_are_the_bits_of_the_product_of_a_block_of_queries_and_a_block_of_passages() -> None:
    queries, passages = unit(2, 300, 48), unit(3, 1111, 48)
    size = search_host.QUERY_BLOCK
    products = [
        np.concatenate([queries[first : first + size] @ block.T for first in range(0, 300, size)])
        for block in (passages[:700], passages[700:])
    ]
    rows, scores = searched(queries, passages, 50, [700], on_host).state()
    np.testing.assert_array_equal(scores, np.take_along_axis(np.concatenate(products, axis=1), rows, axis=1))


def test_tensors_give_the_rows_of_arrays_where_no_two_similarities_are_near() -> None:
    queries, passages = unit(4, 30, 24), unit(5, 1500, 24)
    exact = np.sort(queries.astype(np.float64) @ passages.astype(np.float64).T, axis=1)[:, ::-1]
    clear = (exact[:, :40] - exact[:, 1:41]).min(axis=1) > 1e-6  # rounding is below 1e-7
    assert clear.sum() >= 20
    rows, scores = searched(queries[clear], passages, 40, [100, 1000], on_host).state()
    device_rows, device_scores = searched(queries[clear], passages, 40, [100, 1000], on_device).state()
    np.testing.assert_array_equal(rows, device_rows)
    np.testing.assert_allclose(scores, device_scores, rtol=0, atol=1e-6)


def test_arrays_and_tensors_may_alternate_within_one_search() -> None:
    queries, passages = quantised(6, 4, 2), quantised(7, 60, 2)
    best = TopK(queries, 12)
    for start, placed in ((0, on_host), (20, on_device), (40, on_host)):
        best.add(start, placed(passages[start : start + 20]))
    assert_equal(best.state(), brute_force(queries, passages, 12))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    depth=st.integers(1, 30),
    ends=st.lists(st.integers(1, 39), max_size=4),
    ceilings=st.lists(st.integers(-5, 5), min_size=6, max_size=6),
    block=st.integers(1, 7),
)
@BOTH
def test_passages_above_the_ceiling_of_a_query_are_not_in_its_ranking(
    placed: Callable[[Matrix], Block], seed: int, depth: int, ends: list[int], ceilings: list[int], block: int
) -> None:
    queries, passages = quantised(seed, 6, 2), quantised(seed + 1, 40, 2)
    limits = np.array(ceilings, dtype=np.float32)
    best = TopK(queries, depth, limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_host, "QUERY_BLOCK", block)
        patch.setattr(search_device, "QUERY_BLOCK", block)
        for start, end in pairwise(sorted({0, *ends, len(passages)})):
            best.add(start, placed(passages[start:end]))
    ranking, _ = best.ranking([str(row) for row in range(6)], lambda row: f"{row:02}")
    rows, scores = brute_force(queries, passages, len(passages))
    for query, ceiling in enumerate(limits):
        expected = [f"{row:02}" for row in rows[query][scores[query] <= ceiling][:depth]]
        assert [doc for doc, _ in ranking[str(query)]] == expected


def test_a_half_precision_tensor_is_searched_as_its_float32_values() -> None:
    queries = unit(8, 3, 16)
    half = torch.from_numpy(unit(9, 40, 16)).to(torch.bfloat16)
    best, same = TopK(queries, 5), TopK(queries, 5)
    best.add(0, half)
    same.add(0, half.float())
    assert_equal(best.state(), same.state())


@pytest.mark.parametrize("normalise", [True, False])
def test_a_cut_tensor_has_the_components_of_a_cut_array(normalise: bool) -> None:
    vectors = unit(10, 5, 16)
    found = cut(torch.from_numpy(vectors), 4, normalise)
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), cut(vectors, 4, normalise), rtol=0, atol=1e-6)
    assert cut(torch.zeros(1, 4), 2).tolist() == [[0, 0]]


def test_no_passages_and_an_empty_block_leave_an_empty_ranking() -> None:
    best = TopK(unit(11, 2, 4), 3)
    best.add(0, np.empty((0, 4), dtype=np.float32))
    assert best.state()[0].shape == (2, 0)
    assert best.ranking(["a", "b"], str) == ({"a": [], "b": []}, 0)


@BOTH
def test_a_similarity_that_is_not_a_number_is_an_error(placed: Callable[[Matrix], Block]) -> None:
    best = TopK(np.full((1, 2), np.nan, dtype=np.float32), 2)
    best.add(0, placed(np.ones((5, 2), dtype=np.float32)))
    with pytest.raises(ValueError, match="a similarity is not a number"):
        best.ranking(["q"], str)


def test_vectors_that_all_tie_take_no_memory_for_every_candidate_at_once() -> None:
    queries, passages = np.ones((512, 4), dtype=np.float32), np.ones((20_000, 4), dtype=np.float32)
    tracemalloc.start()
    try:
        best = searched(queries, passages, 10, [10_000], on_host)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert best.state()[0][0].tolist() == list(range(19_999, 19_989, -1))
    product = search_host.QUERY_BLOCK * 10_000 * 4
    assert peak < 3 * product  # with the keys of every candidate of a product it would be over 6 times


FLOATS = st.floats(width=32, allow_nan=False)


@given(st.lists(st.tuples(FLOATS, st.integers(0, 2**32 - 1)), min_size=1, max_size=20))
def test_keys_order_as_scores_and_then_rows_and_return_both(pairs: list[tuple[float, int]]) -> None:
    scores, rows = np.array([s for s, _ in pairs], dtype=np.float32), np.array([r for _, r in pairs], dtype=np.int64)
    keys = keys_of(scores, rows)
    assert [pairs[i] for i in np.argsort(keys, kind="stable")] == sorted(pairs)
    np.testing.assert_array_equal(scores_of(keys), scores)
    np.testing.assert_array_equal(rows_of(keys), rows)
    assert (keys > EMPTY).all()
