"""Sentence pairs of NLI sets, of STS sets and of JSON lines, as mteb's evaluators read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.data.readers import sentence_pairs
from harness.data.readers.registry import PAIRS, pair_reader
from harness.errors import DataError, RequestError


def written(folder: Path, value: Any, *, lines: bool = False) -> Path:
    path = folder / "pairs.json"
    text = "\n".join(map(json.dumps, value)) if lines else value if isinstance(value, str) else json.dumps(value)
    path.write_text(text, encoding="utf-8")
    return path


def klue(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"premise": premise, "hypothesis": other, "gold_label": label} for premise, other, label in rows]


def test_entailment_is_1_contradiction_0_and_neutral_pairs_are_left_out(tmp_path: Path) -> None:
    rows = klue(("a", "b", "entailment"), ("a", "c", "neutral"), ("a", "d", "contradiction"), ("a", "e", "xx"))
    pairs = sentence_pairs.read_nli("klue-nli", [written(tmp_path, rows)])
    assert (pairs.left, pairs.right, pairs.values) == (("a", "a"), ("b", "d"), (1.0, 0.0))
    assert pairs.report["neutral pairs"] == 1
    assert pairs.report["pairs with an unknown label or an empty text"] == 1


def test_a_repeated_pair_counts_once_and_one_with_both_labels_never(tmp_path: Path) -> None:
    rows = klue(
        ("a", "b", "entailment"), ("a", "b", "entailment"), ("a", "c", "entailment"), ("a", "c", "contradiction"),
        ("a", "d", "contradiction"),
    )  # fmt: skip
    pairs = sentence_pairs.read_nli("klue-nli", [written(tmp_path, rows)])
    assert (pairs.right, pairs.values) == (("b", "d"), (1.0, 0.0))
    assert pairs.report["repeated pairs"] == 1
    assert pairs.report["pairs both entailed and contradicted"] == 1


@pytest.mark.parametrize(
    ("reader", "header", "labels"),
    [
        ("farstail-nli", "premise\thypothesis\tlabel", ("e", "c", "n")),
        ("recast-nli", "Context\tHypothesis\tEntailment_Label", ("entailed", "not-entailed", "xx")),
    ],
)
def test_tables_have_their_own_columns_and_labels(
    tmp_path: Path, reader: str, header: str, labels: tuple[str, str, str]
) -> None:
    text = "\n".join([header, *(f"p{i}\th{i}\t{label}" for i, label in enumerate(labels))])
    pairs = pair_reader("PairClassification", reader, "here")([written(tmp_path, text)])
    assert (pairs.left, pairs.values) == (("p0", "p1"), (1.0, 0.0))


def test_a_triple_is_a_pair_of_each_label(tmp_path: Path) -> None:
    row = {"premise": "p", "entailment": "e", "contradiction": "c"}
    pairs = sentence_pairs.read_triples([written(tmp_path, [row], lines=True)])
    assert (pairs.left, pairs.right, pairs.values) == (("p", "p"), ("e", "c"), (1.0, 0.0))


def test_klue_sts_has_its_score_among_its_labels(tmp_path: Path) -> None:
    rows = [
        {"guid": "g", "sentence1": "a", "sentence2": "b", "labels": {"label": 3.7, "real-label": 3.714}},
        {"guid": "h", "sentence1": "c", "sentence2": "d", "labels": {"label": 0, "real-label": 0.0}},
    ]
    assert sentence_pairs.read_klue_sts([written(tmp_path, rows)]).values == (3.7, 0.0)


def test_scores_and_labels_of_json_lines_are_read(tmp_path: Path) -> None:
    scored = [{"sentence1": "a", "sentence2": "b", "score": 1}, {"sentence1": "c", "sentence2": "d", "score": 4.5}]
    assert sentence_pairs.read_scored([written(tmp_path, scored, lines=True)]).values == (1.0, 4.5)
    labelled = [{"sentence1": "a", "sentence2": "b", "label": i} for i in (0, 1)]
    assert sentence_pairs.read_labelled([written(tmp_path, labelled, lines=True)]).values == (0.0, 1.0)


@pytest.mark.parametrize(
    ("kind", "reader", "row", "reason"),
    [
        ("PairClassification", "pairs-jsonl", {"label": 2}, "label is 2; use 1"),
        ("PairClassification", "pairs-jsonl", {"label": True}, "label is True; use 1"),
        ("STS", "sts-jsonl", {"score": "3"}, "score is '3'; use a finite number"),
        ("STS", "sts-jsonl", {}, "score is None; use a finite number"),
        ("STS", "sts-jsonl", {"score": 1, "sentence2": " "}, "empty sentence2"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(
    tmp_path: Path, kind: str, reader: str, row: dict[str, Any], reason: str
) -> None:
    path = written(tmp_path, [{"sentence1": "a", "sentence2": "b", **row}], lines=True)
    with pytest.raises(DataError, match=rf"pairs\.json line 1: {reason}"):
        pair_reader(kind, reader, "here")([path])


def test_pairs_of_one_value_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [{"sentence1": "a", "sentence2": "b", "label": 1}] * 2, lines=True)
    with pytest.raises(DataError, match="fewer than two different values"):
        sentence_pairs.read_labelled([path])


def test_a_reader_of_the_other_type_is_refused_with_those_that_exist() -> None:
    with pytest.raises(RequestError, match="klue-sts"):
        pair_reader("STS", "klue-nli", "here")
    assert not set(PAIRS["STS"]) & set(PAIRS["PairClassification"])
