"""Judged relevance within a batch: a passage known to be relevant to a query is never its negative.

Each training row carries its texts as numbers in the column `label`, so that a batch alone tells which pairs are
judged: no table beside the loss, and nothing that a checkpoint would have to keep. Equal texts have equal numbers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.types import TrainingData

if TYPE_CHECKING:
    from torch import Tensor

NONE = -1  # fills the shorter of a row's two lists


def relevant_texts(data: TrainingData) -> Iterator[tuple[str, str]]:
    """Yield (query, relevant passage) of every training judgment, also of pairs that make no row."""
    for query in sorted(data.data.train):
        for doc in data.data.train[query]:
            yield data.queries[query], data.passages[doc]


def judged_labels(
    columns: Mapping[str, Sequence[str]], relevant: Iterable[tuple[str, str]]
) -> dict[str, list[list[list[int]]]]:
    """Return the column `label` of rows whose columns are the query, its positive and its negatives.

    `label[row]` has shape [w, 2]: the numbers of the row's passages in the order of their columns, and beside them the
    numbers of the passages that are relevant to its query; -1 where a list is shorter than w, the longest in all rows.
    (Not [2, w]: MatryoshkaLoss truncates labels whose last axis is as long as a vector.)
    """
    numbers: dict[str, int] = {}
    relevant_numbers: dict[str, list[int]] = {}
    for query, passage in relevant:
        numbers.setdefault(_same_text(passage), len(numbers))
        relevant_numbers.setdefault(_same_text(query), []).append(numbers[_same_text(passage)])
    sides = []
    for query, *passages in zip(*columns.values(), strict=True):
        row = [numbers.setdefault(_same_text(passage), len(numbers)) for passage in passages]
        sides.append((row, sorted(set(relevant_numbers.get(_same_text(query), ())))))
    width = max((len(side) for pair in sides for side in pair), default=0)
    padded = [[side + [NONE] * (width - len(side)) for side in pair] for pair in sides]
    return {"label": [[list(place) for place in zip(*pair, strict=True)] for pair in padded]}


def relevance_mask(labels: Tensor, passages: int, in_batch: bool) -> Tensor:
    """Return which candidates are relevant to each query of a batch besides its own positive.

    `labels` [B, w, 2] are those of `judged_labels`; a row has `passages` of them: one positive, then its negatives. The
    mask is [B, B * passages] with all positives first, then all first negatives and so on; without `in_batch` it is
    [B, passages], over the passages of the query's own row.
    """
    rows, relevant = labels[:, :passages, 0], labels[:, :, 1]  # [B, passages], [B, w]
    if in_batch:
        mask = (rows.T.reshape(1, -1, 1) == relevant.unsqueeze(1)).any(dim=-1)  # [B, B * passages]
        return mask.fill_diagonal_(False)
    mask = (rows.unsqueeze(2) == relevant.unsqueeze(1)).any(dim=-1)  # [B, passages]
    mask[:, 0] = False
    return mask


def _same_text(text: str) -> str:
    """Return the form in which two texts are the same text: NFC, white space runs as one space, ends stripped."""
    return " ".join(unicodedata.normalize("NFC", text).split())
