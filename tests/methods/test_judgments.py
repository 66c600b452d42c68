"""Judged passages of a batch, by hand-written rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from methods._judgments import judged_labels, relevance_mask, relevant_texts

if TYPE_CHECKING:
    from torch import Tensor

    from harness.types import TrainingData

ROWS = {  # q has two relevant passages; r shares one of them
    "anchor": ["q", "q", "r", "s"],
    "positive": ["a", "b", "b", "c"],
    "negative_1": ["x", "y", "a", "x"],
}
RELEVANT = [("q", "a"), ("q", "b"), ("r", "b"), ("s", "c"), ("s", "never in a row")]


def mask_of(
    columns: Mapping[str, Sequence[str]], relevant: list[tuple[str, str]], in_batch: bool = True
) -> list[list[int]]:
    import torch

    labels = torch.tensor(judged_labels(columns, relevant)["label"])
    return relevance_mask(labels, len(columns) - 1, in_batch).int().tolist()


def test_every_relevant_passage_of_the_batch_besides_the_rows_own_is_masked() -> None:
    assert mask_of(ROWS, RELEVANT) == [
        # a  b  b  c  x  y  a  x
        [0, 1, 1, 0, 0, 0, 1, 0],  # q, a
        [1, 0, 1, 0, 0, 0, 1, 0],  # q, b
        [0, 1, 0, 0, 0, 0, 0, 0],  # r, b
        [0, 0, 0, 0, 0, 0, 0, 0],  # s, c
    ]


def test_without_in_batch_negatives_only_the_rows_own_are_masked() -> None:
    columns = {**ROWS, "negative_1": ["b", "y", "a", "never in a row"]}
    assert mask_of(columns, RELEVANT, in_batch=False) == [[0, 1], [0, 0], [0, 0], [0, 1]]


def test_a_negative_with_the_text_of_a_relevant_passage_is_masked() -> None:
    decomposed = unicodedata.normalize("NFD", "밥  한 그릇 ")
    columns = {"anchor": ["q"], "positive": ["밥 한 그릇"], "negative_1": [decomposed]}
    assert mask_of(columns, [("q", "밥 한 그릇")]) == [[0, 1]]


def test_queries_with_one_text_share_their_relevant_passages() -> None:
    columns = {"anchor": ["same", "same "], "positive": ["a", "b"]}
    assert mask_of(columns, [("same", "a"), ("same ", "b")]) == [[0, 1], [1, 0]]


def test_padding_matches_no_passage() -> None:
    columns = {"anchor": ["q", "r"], "positive": ["a", "b"]}
    assert judged_labels(columns, [("q", "a"), ("q", "c"), ("q", "d")])["label"] == [
        [[0, 0], [-1, 1], [-1, 2]],
        [[3, -1], [-1, -1], [-1, -1]],
    ]
    assert mask_of(columns, [("q", "a"), ("q", "c"), ("q", "d")]) == [[0, 0], [0, 0]]


def test_no_row_has_an_empty_label() -> None:
    assert judged_labels({"anchor": [], "positive": []}, RELEVANT) == {"label": []}


def test_judgments_of_pairs_that_make_no_row_count(training_data: Callable[..., TrainingData]) -> None:
    data = replace(training_data(), most=1)
    assert len(data.pairs()) == 1
    assert sorted(relevant_texts(data)) == [
        (f"question {query}", f"passage {doc}")
        for query, doc in (("q0", "d0"), ("q1", "d1"), ("q2", "d2"), ("q2", "d3"), ("q3", "d4"))
    ]


def reference(columns: Mapping[str, Sequence[str]], relevant: set[tuple[str, str]]) -> list[list[bool]]:
    """Return the mask by loops over texts."""
    anchors, *passages = columns.values()
    candidates = [text for column in passages for text in column]
    return [
        [(query, text) in relevant and place != row for place, text in enumerate(candidates)]
        for row, query in enumerate(anchors)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_mask_equals_loops_over_the_texts(seed: int) -> None:
    import random

    import torch

    rng = random.Random(seed)
    texts = [f"text {number}" for number in range(12)]
    relevant = {(f"query {rng.randrange(6)}", rng.choice(texts)) for _ in range(25)}
    rows = [(query, text, rng.choice(texts), rng.choice(texts)) for query, text in sorted(relevant)]
    columns = dict(zip(("anchor", "positive", "negative_1", "negative_2"), zip(*rows, strict=True), strict=True))
    labels: Tensor = torch.tensor(judged_labels(columns, sorted(relevant))["label"])
    mask = relevance_mask(labels, passages=3, in_batch=True).tolist()
    assert mask == reference(columns, relevant)
    assert sum(map(sum, mask)) > 20
