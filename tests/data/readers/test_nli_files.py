"""The readers of inference data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import hub_standin

from harness.data.readers.nli_files import read_farstail, read_hub, read_jsonl, read_klue, read_recast
from harness.errors import DataError
from harness.types import NliTriple


def farstail(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "farstail.csv"
    path.write_text("\n".join(("premise\thypothesis\tlabel", *rows)) + "\n", encoding="utf-8")
    return path


def test_hypotheses_of_a_premise_are_paired_in_file_order(tmp_path: Path) -> None:
    rows = ("it rains\twater falls\te", "it rains\tit is dry\tc", "it snows\tit is cold\te", "it rains\tit pours\tn")
    later_rows = ("it snows\tit is hot\tc", "it rains\tthe sky is wet\te", "it rains\tthe sun burns\tc")
    nli = read_farstail([farstail(tmp_path, *rows, *later_rows)])
    assert nli.triples == (
        NliTriple("it rains", "water falls", "it is dry"),
        NliTriple("it rains", "the sky is wet", "the sun burns"),
        NliTriple("it snows", "it is cold", "it is hot"),
    )
    assert nli.report["neutral NLI pairs"] == 1


def test_a_hypothesis_without_a_partner_is_left_out_and_counted(tmp_path: Path) -> None:
    nli = read_farstail([farstail(tmp_path, "a b\tyes\te", "a b\tno\tc", "a b\tnever\tc", "c d\tyes\te")])
    assert nli.triples == (NliTriple("a b", "yes", "no"),)
    assert nli.report["NLI hypotheses without a partner"] == 2


@pytest.mark.parametrize("label", ["xx", "-", "", "E", "entailment"])
def test_an_unknown_label_is_counted_and_never_mapped(tmp_path: Path, label: str) -> None:
    nli = read_farstail([farstail(tmp_path, "a\tyes\te", "a\tno\tc", f"a\tperhaps\t{label}")])
    assert nli.triples == (NliTriple("a", "yes", "no"),)
    assert nli.report["NLI pairs with an unknown label"] == 1
    assert nli.report["NLI hypotheses without a partner"] == 0


def test_a_repeated_pair_is_counted_once(tmp_path: Path) -> None:
    nli = read_farstail([farstail(tmp_path, "a\tyes\te", "a\tyes\te", "a\tno\tc", "a\tno\tc")])
    assert nli.triples == (NliTriple("a", "yes", "no"),)
    assert nli.report["NLI pairs that are repeated"] == 2


def test_a_hypothesis_that_is_entailed_and_contradicted_is_left_out(tmp_path: Path) -> None:
    nli = read_farstail([farstail(tmp_path, "a\tboth\te", "a\tboth\tc", "a\tyes\te", "a\tno\tc")])
    assert nli.triples == (NliTriple("a", "yes", "no"),)
    assert nli.report["NLI hypotheses both entailed and contradicted"] == 1


def test_quoted_fields_hold_quotes_and_tabs(tmp_path: Path) -> None:
    nli = read_farstail([farstail(tmp_path, '"a\tb"\t"she said ""yes"""\te', '"a\tb"\tno\tc')])
    assert nli.triples == (NliTriple("a\tb", 'she said "yes"', "no"),)


def test_not_entailed_hypotheses_are_the_hard_negatives_of_recast_data(tmp_path: Path) -> None:
    path = tmp_path / "recast.tsv"
    rows = ("Context\tHypothesis\tEntailment_Label\tTopic_Label", "a\tyes\tentailed\t1", "a\tno\tnot-entailed\t1")
    path.write_bytes(("\r\n".join(rows) + "\r\n").encode())
    assert read_recast([path]).triples == (NliTriple("a", "yes", "no"),)


def test_klue_is_read_by_its_gold_label(tmp_path: Path) -> None:
    path = tmp_path / "klue.json"
    rows = [("yes", "entailment"), ("no", "contradiction"), ("perhaps", "neutral")]
    values = [{"premise": "a", "hypothesis": text, "gold_label": label, "author": "neutral"} for text, label in rows]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert read_klue([path]).triples == (NliTriple("a", "yes", "no"),)


def test_a_klue_row_without_a_label_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "klue.json"
    path.write_text('[{"premise": "a", "hypothesis": "b"}]', encoding="utf-8")
    with pytest.raises(DataError, match=r"klue\.json row 0: 'gold_label' is missing"):
        read_klue([path])


def test_bundled_triples_are_read_and_a_repeated_line_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "nli.jsonl"
    line = '{"premise": "a", "entailment": "yes", "contradiction": "no"}\n'
    path.write_text(line + line, encoding="utf-8")
    nli = read_jsonl([path])
    assert nli.triples == (NliTriple("a", "yes", "no"),)
    assert nli.report == {"repeated NLI rows": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"premise": "a", "entailment": "yes"}\n', "nli.jsonl line 1: contradiction is missing"),
        ('{"premise": "", "entailment": "yes", "contradiction": "no"}\n', "nli.jsonl line 1: empty premise"),
        ('{"premise": "a", "entail', "nli.jsonl line 1: truncated or broken JSON"),
        ("", "nli.jsonl: holds no triple"),
    ],
)
def test_an_invalid_bundled_row_is_rejected_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "nli.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_jsonl([path])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a\tyes", "farstail.csv line 3: 2 fields where the header has 3"),
        ("a\t\te", "farstail.csv line 3: empty hypothesis"),
        ('a\t"yes', "farstail.csv line 3: truncated or broken row"),
    ],
)
def test_an_invalid_table_row_is_rejected_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_farstail([farstail(tmp_path, "a\tno\tc", row)])
    assert message in str(caught.value)


def test_a_file_with_other_columns_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Context is missing"):
        read_recast([farstail(tmp_path, "a\tyes\te")])


def test_a_file_without_a_triple_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"farstail\.csv: holds no premise with an entailed and a contradicting"):
        read_farstail([farstail(tmp_path, "a\tyes\te")])


def test_two_files_are_rejected(tmp_path: Path) -> None:
    path = farstail(tmp_path, "a\tyes\te")
    with pytest.raises(DataError, match="'klue-nli' takes one file, not 2"):
        read_klue([path, path])


LABELLED = hub_standin.parquet(
    [
        {"premise": "p", "hypothesis": "follows", "label": 0},
        {"premise": "p", "hypothesis": "may be", "label": 1},
        {"premise": "p", "hypothesis": "cannot be", "label": 2},
        {"premise": "p", "hypothesis": "nobody knows", "label": -1},
        {"premise": "p", "hypothesis": None, "label": 2},
        {"premise": " ", "hypothesis": "of nothing", "label": 0},
    ]
)


def test_hub_pairs_with_an_unknown_label_or_an_empty_text_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "train-a.parquet"
    path.write_bytes(LABELLED)
    nli = read_hub([path])
    assert nli.triples == (NliTriple("p", "follows", "cannot be"),)
    assert {rows: number for rows, number in nli.report.items() if number} == {
        "NLI pairs with an unknown label": 1,
        "NLI pairs with an empty text": 2,
        "neutral NLI pairs": 1,
    }


def test_a_truncated_parquet_file_is_rejected_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(LABELLED[:-5])
    with pytest.raises(DataError, match=r"a\.parquet row 1: not a complete parquet file \(") as caught:
        read_hub([path])
    assert "\n" not in str(caught.value)
